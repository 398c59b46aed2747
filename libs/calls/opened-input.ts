/** The inputs of runs as the schemas of their modules transform them, each checked once. */
import { CatenaError } from '../errors/catena-error.ts';
import type { ModuleDefinition, RunFacts } from '../modules/contract/definition.ts';
import type { OpenedRun, RunContext } from './served-module.ts';

const inputs = new WeakMap<RunContext, Map<ModuleDefinition, Promise<unknown>>>();

/** The input of a run for a module. Rejects with `module.wrong_input`. */
export function inputOf(module: ModuleDefinition, run: RunContext): Promise<unknown> {
  const ofRun = inputs.get(run) ?? new Map<ModuleDefinition, Promise<unknown>>();
  inputs.set(run, ofRun);
  const known = ofRun.get(module);
  if (known !== undefined) return known;
  const checked = Promise.resolve().then(() => module.checkInput(run.input));
  checked.catch(() => ofRun.delete(module));
  ofRun.set(module, checked);
  return checked;
}

/** Checks a run's input, and asks each step how many of its requests may run at once. */
export async function openRun(module: ModuleDefinition, run: RunContext): Promise<OpenedRun> {
  const { account, platform, runId, acceptedAtMs, deadlineAtMs } = run;
  const facts = { input: await inputOf(module, run), account, platform, runId, acceptedAtMs, deadlineAtMs };
  const concurrency = new Map<number, number>();
  for (const [stepIdx, { kind }] of module.steps.entries()) {
    const answer = kind === 'fetch' ? concurrencyOf(module, stepIdx, facts) : undefined;
    if (answer !== undefined) concurrency.set(stepIdx, answer);
  }
  return { concurrency };
}

/** Throws `module.wrong_concurrency`, and what the author's function throws. */
function concurrencyOf(module: ModuleDefinition, stepIdx: number, facts: RunFacts): number | undefined {
  const answer = module.runConcurrency?.(stepIdx, facts);
  if (answer === undefined || (Number.isSafeInteger(answer) && answer >= 1)) return answer;
  const step = module.steps[stepIdx]?.name ?? '';
  throw new CatenaError('module.wrong_concurrency', `the concurrency of step "${step}" of ${module.id} is ${answer}`, {
    data: { module: module.id, step },
    remedy: 'return a whole number of at least 1',
  });
}
