/** A process of a deployment that does nothing but be there: `node process.fixture.ts <url> <id> [blocks]`. */
import { namespaceOf } from '../../contracts/subjects.ts';
import { connectNats } from './connect.ts';
import { ProcessList } from './process-list.ts';

const [url = '', id = '', blocks] = process.argv.slice(2);
const connection = await connectNats({ url, name: id });
const self = {
  id,
  name: `${id}@test:${process.pid}`,
  stages: ['parser'],
  modules: ['m@1.0.0'],
  startedAtMs: Date.now(),
};
const list = new ProcessList({
  connection,
  namespace: namespaceOf(''),
  self: { ...self, queuesLocally: false },
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
if (blocks !== undefined) setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000), 500);
