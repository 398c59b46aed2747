import { expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../clock/clock.ts';
import { ClaimCode } from '../../coordination/protocol/claims.ts';
import { CommitCode } from '../../coordination/protocol/commits.ts';
import type { ChainNode, NodeSeed } from '../../coordination/protocol/node.ts';
import { defaultPolicy } from '../../coordination/protocol/policy.ts';
import { openSingleFile, type SingleFile } from '../../store/sqlite/single-file.ts';
import { OneTransaction } from './one-transaction.ts';

const MODULE = 'm@1.0.0';
const seed: NodeSeed = { id: 'a', kind: 'hop', phase: 0, stepIdx: 0, prefixRequest: '', body: '{}' };

function open(): SingleFile {
  const file = openSingleFile({ path: ':memory:', clock: new ManualClock(), policy: defaultPolicy });
  onTestFinished(() => file.close());
  return file;
}

/** A run with one node, which is claimed. */
async function claimed({ coordinator, store }: SingleFile): Promise<ChainNode> {
  await store.acceptRun({
    ...{ runId: 'r', taskId: 't', account: 'acme', platform: 'web', modules: [MODULE], input: {}, fingerprint: 'f' },
    ...{ metadata: {}, priority: 0, deadlineAtMs: undefined, acceptedAtMs: 1 },
  });
  await coordinator.runOpen({
    runId: 'r',
    modules: [{ moduleId: MODULE, phases: [{ join: { kind: 'settle' } }], first: [seed] }],
  });
  const node = { id: 'a', runId: 'r', moduleId: MODULE, phase: 0 };
  const { code, node: held } = await coordinator.claim({
    ...{ node, epoch: 0, owner: 'me', stage: 'module-processor', leaseMs: 1_000, alone: false },
  });
  expect(code).toBe(ClaimCode.EXECUTE);
  return held!;
}

const commit = ({ coordinator, store }: SingleFile, node: ChainNode, token = node.token) => {
  const { runId, moduleId, phase, id: nodeId } = node;
  const items = [{ type: 'row', data: '{"n":1}' }];
  return new OneTransaction(coordinator, store).commit(
    { node, token, children: [], staged: 0, wakeUps: 0 },
    { runId, moduleId, phase, nodeId, token, items },
  );
};

it('a commit brings its items with it, once', async () => {
  const file = open();
  const node = await claimed(file);
  expect((await commit(file, node)).code).toBe(CommitCode.COMMIT_OK);
  expect((await commit(file, node)).code).toBe(CommitCode.ALREADY_COMMITTED);
  expect(await file.store.countItems('r')).toBe(1);
});

it('a commit that is refused stores nothing', async () => {
  const file = open();
  const node = await claimed(file);
  expect((await commit(file, node, 'of somebody else')).code).toBe(CommitCode.FENCING_REJECT);
  await file.store.closeRun(
    'r',
    { finishReason: 'cancelled', detail: '', endedAtMs: 2, done: 0, dead: 0, items: 0 },
    { deadLetters: none(), events: none() },
  );
  expect(await file.store.hasWithdrawnItems('r', Number.MAX_SAFE_INTEGER)).toBe(false);
});

async function* none(): AsyncGenerator<never> {
  // A run without records.
}
