/** Checks the invariants after every transition, by standing between the test and its coordinator. */
import type { Coordinator } from '../../../../libs/coordination/protocol/port.ts';
import { checkInvariants, refuse } from './invariants.ts';
import type { Step } from './reading.ts';
import { type RunView, viewRun } from './reading.ts';
import { newMemory, stepViolations } from './steps.ts';

const UNWATCHED: ReadonlySet<string> = new Set([
  'findRun',
  'findNode',
  'listNodes',
  'listDue',
  'listEvents',
  'runPurge',
]);

/** Of a command in a message: enough to name its node. */
const MAX_COMMAND_CHARS = 400;

/** The same coordinator; after each transition it reads the run and compares it with what it was before. */
export function watch(coordinator: Coordinator, runId: string, onStep: (step: Step) => void = () => {}): Coordinator {
  const memory = newMemory();
  let before: RunView | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function observed(name: string, method: (command: unknown) => Promise<unknown>, command: unknown) {
    before ??= await viewRun(coordinator, runId);
    const outcome = await method(command);
    const after = await checkInvariants(coordinator, runId);
    // The names of the port's methods and their types belong together; a proxy cannot show it.
    const step = { name, command, outcome } as Step;
    const where = `${name} ${JSON.stringify(command)?.slice(0, MAX_COMMAND_CHARS)}`;
    if (after !== undefined) refuse(stepViolations(before, after, step, memory), where);
    before = after;
    onStep(step);
    return outcome;
  }

  return new Proxy(coordinator, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function' || typeof name !== 'string') return method;
      const call = (command: unknown): Promise<unknown> => Reflect.apply(method, target, [command]);
      if (UNWATCHED.has(name)) return call;
      // One at a time: two transitions between one pair of readings could not be told apart.
      return (command: unknown) => {
        const answer = turn.then(() => observed(name, call, command));
        turn = answer.catch(() => undefined);
        return answer;
      };
    },
  });
}
