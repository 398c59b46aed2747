/** Five processes that runs of low priority saturate: how many nodes of theirs each hop of another run waits for, by its class. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { type Deployment, startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, submitRun } from '../fixtures/deployment/runs.ts';

const PATIENT = { timeout: 60_000, interval: 50 };
const SLOTS = 8;
const HOP_WINDOW = 32;
/** Their windows are all in the stream at once: what came last waits for 192 nodes, which is 24 times its own time. */
const LARGE = 6;
const HOPS = 4;
const MS = 10;
const ROUNDS = 3;

async function doneOf({ ingress }: Deployment, runIds: readonly string[]): Promise<number> {
  const runs = await Promise.all(runIds.map((runId) => ingress.getRun({ runId })));
  return runs.reduce((sum, { run }) => sum + Number(run!.nodes!.done), 0);
}

it('K5: an urgent run waits for few nodes of those that wait in the streams before it, and they get their share', {
  timeout: 240_000,
}, async () => {
  const deployment = await startDeployment({
    modules: ['test/fixtures/modules/shares.ts'],
    env: { CATENA_TASK_CONCURRENCY: String(SLOTS), CATENA_HOP_WINDOW: String(HOP_WINDOW) },
  });
  onTestFinished(() => deployment.stop());
  const submit = (input: object, priority: number) => submitRun(deployment, 'shares', input, { priority });
  const large = await Promise.all(Array.from({ length: LARGE }, () => submit({ leaves: 4_000, ms: MS }, -1)));
  await vi.waitFor(async () => expect(await doneOf(deployment, large)).toBeGreaterThan(LARGE * HOP_WINDOW), PATIENT);

  const meanwhile = async (priority: number): Promise<number> => {
    const before = await doneOf(deployment, large);
    const { end } = await closedRun(deployment, await submit({ hops: HOPS, ms: MS }, priority));
    expect(end).toMatchObject({ items: HOPS, dead: 0 });
    return (await doneOf(deployment, large)) - before;
  };
  // In turn and several times: what else the machine does meanwhile is the same for both.
  let urgent = 0;
  let equal = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    urgent += await meanwhile(1_000);
    equal += await meanwhile(-1);
  }
  expect(urgent).toBeLessThan(equal / 2);
  expect(urgent).toBeGreaterThan(0);
});
