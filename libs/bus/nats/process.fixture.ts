/** A process of a deployment that does nothing but be there: `node process.fixture.ts <url> <id> [blocks|calls]`. */

import { namespaceOf } from '../../contracts/subjects.ts';
import type { CallsInFlight } from '../../telemetry/calls-in-flight.ts';
import { connectNats } from './connect.ts';
import { ProcessList } from './process-list.ts';

const [url = '', id = '', does] = process.argv.slice(2);
const connection = await connectNats({ url, name: id });
const self = {
  id,
  name: `${id}@test:${process.pid}`,
  stages: ['parser'],
  modules: ['m@1.0.0'],
  startedAtMs: Date.now(),
};
const call = {
  moduleId: 'm@1.0.0',
  step: 's',
  fn: 'parse',
  runId: 'r',
  nodeId: 'n',
  worker: 'worker-1',
  budgetMs: 30_000,
};
const calls = (): CallsInFlight => {
  const oldest = [{ ...call, url: `http://m.test/${'x'.repeat(5_000)}`, ageMs: performance.now() }];
  return { workers: 1, queued: 0, queuedMs: 0, begun: 1, oldest };
};
const list = new ProcessList({
  connection,
  namespace: namespaceOf(''),
  self: { ...self, queuesLocally: false },
  calls: does === 'calls' ? calls : undefined,
  onGone: (gone) => process.stdout.write(`gone ${gone.id}\n`),
});
process.once('SIGTERM', async () => {
  await list.stop();
  await connection.drain();
});
list.start();
await connection.flush();
process.stdout.write('here\n');
// As a module does whose regular expression takes very long.
if (does === 'blocks') setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000), 500);
