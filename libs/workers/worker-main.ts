/** The thread of a worker: loads the modules, then makes the calls that it is sent. */
import { parentPort, workerData } from 'node:worker_threads';
import { factsOf } from '../calls/facts.ts';
import type { ModuleDefinition } from '../modules/contract/definition.ts';
import { loadModule } from '../modules/load/load-module.ts';
import { guardProcess } from './author-process.ts';
import { Board } from './board.ts';
import type { FromWorker, ModuleSource, ToWorker, WorkerSetup } from './protocol.ts';
import { letOthersGoFirst } from './thread-priority.ts';
import { toWireError } from './wire-error.ts';
import { WorkerCalls } from './worker-calls.ts';

const port = parentPort!;
const { modules, limits, board } = workerData as WorkerSetup;
const calls = new WorkerCalls({
  board: new Board(board),
  limits,
  post: (messages: readonly FromWorker[]) => port.postMessage(messages),
});
guardProcess(calls);

try {
  const loaded = await Promise.all(modules.map(load));
  calls.serve(loaded);
  // Not before: whoever starts waits for the modules.
  letOthersGoFirst();
  port.on('message', (messages: readonly ToWorker[]) => calls.receive(messages));
  port.postMessage([{ kind: 'loaded', modules: loaded.map(factsOf) }] satisfies FromWorker[]);
} catch (thrown) {
  port.postMessage([{ kind: 'refused', failure: toWireError(thrown) }] satisfies FromWorker[]);
}

function load({ file, settings }: ModuleSource): Promise<ModuleDefinition> {
  return loadModule(file, () => settings);
}
