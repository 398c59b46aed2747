import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { only } from '../../../test/fixtures/outcomes.ts';
import { openStageBench } from '../../../test/fixtures/stage-bench.ts';
import { computeStep, defineModule } from '../../modules/index.ts';
import { silentLog } from '../../telemetry/log.ts';
import { claimNode } from './execute-node.ts';
import { handBackAll } from './hand-back.ts';

const work = defineModule({
  name: 'work',
  version: '1.0.0',
  input: z.object({}),
  steps: { piece: computeStep() },
  items: {},
}).implement({
  *start({ go }) {
    yield go.piece();
  },
  steps: { piece: { run: () => [] } },
});

/** A hop that an execution of this process holds. */
async function holding() {
  const bench = openStageBench([work]);
  const hop = only(await bench.begin());
  const node = await bench.nodeOf(hop);
  const claimed = await claimNode(bench.execution, { node, epoch: 0, stage: 'module-processor' });
  if (claimed.kind !== 'claimed') throw new Error(claimed.reason);
  const deps = { ...bench.execution, runs: bench.runs, log: silentLog };
  return { bench, hop, lease: claimed.lease, deps };
}

it('a lease that its process hands back is aborted, free at once, and its node notified; no crash is counted', async () => {
  const { bench, hop, lease, deps } = await holding();
  expect(await handBackAll(deps, bench.leases)).toBe(1);
  expect(lease.signal.aborted).toBe(true);
  expect(await bench.nodeOf(hop)).toMatchObject({ state: 'pending', crashes: 0, attempts: 0 });
  expect(bench.bus.depth('ingress')).toBe(1);
  expect(await handBackAll(deps, bench.leases)).toBe(0);
});

it('an execution that committed first is not handed back', async () => {
  const { bench, hop, lease, deps } = await holding();
  const { node } = lease;
  await bench.coordinator.commitSuccess({ node, token: node.token, children: [], staged: 0, wakeUps: 0 });
  expect(await handBackAll(deps, bench.leases)).toBe(0);
  expect((await bench.nodeOf(hop)).state).toBe('done');
});

it('a coordinator that does not answer leaves the lease to run out, and says so', async () => {
  const { bench, deps } = await holding();
  const warn = vi.fn();
  const recoverZombie = () => Promise.reject(new Error('gone'));
  expect(
    await handBackAll({ ...deps, coordinator: { recoverZombie }, log: { ...silentLog, warn } }, bench.leases),
  ).toBe(0);
  expect(warn).toHaveBeenCalledWith('a lease could not be handed back; it runs out', expect.anything());
});
