/** `npm run bench:start`: how long `catena run` takes from its start to the first request, beside another checkout. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { readEnvironment } from '../../libs/config/environment.ts';
import { machine } from './machine.ts';
import { median } from './medians.ts';
import { runCommand, whole } from './options.ts';
import { ROOT, withScratchFolder } from './scratch.ts';
import { figure, table } from './table.ts';

const usage = `npm run bench:start -- [options]
Runs a module, with its code in workers and in the main thread, in turn, and prints how long it took until its first request came.
The first start of each is not counted: it compiles what the later ones find.

  --rounds N     default 10
  --module FILE  of the checkout; it takes its address as the input "base"; default examples/smallest/shop.ts
  --beside DIR   another checkout of Catena, with its packages installed, that takes part`;

const options = {
  rounds: { type: 'string', default: '10' },
  module: { type: 'string', default: 'examples/smallest/shop.ts' },
  beside: { type: 'string' },
} as const;

interface Starter {
  readonly name: string;
  readonly checkout: string;
  readonly settings: readonly string[];
}

await runCommand(usage, options, async ({ rounds, module, beside }) => {
  const starters: Starter[] = [
    { name: 'in workers (default)', checkout: ROOT, settings: [] },
    { name: 'in the main thread', checkout: ROOT, settings: ['--set', 'execution.workers=0'] },
    ...(beside === undefined ? [] : [{ name: 'the other checkout', checkout: resolve(beside), settings: [] }]),
  ];
  const times = new Map<Starter, number[]>(starters.map((starter) => [starter, []]));
  for (const starter of starters) await startOnce(starter, module);
  for (let round = 0; round < whole('rounds', rounds); round += 1) {
    for (const at of starters.keys()) {
      const starter = starters[(at + round) % starters.length]!;
      times.get(starter)!.push(await startOnce(starter, module));
    }
  }
  const rows = [...times].map(([{ name }, all]) => [
    name,
    ...[median(all), Math.min(...all), Math.max(...all)].map((ms) => figure(ms)),
  ]);
  console.log(`${machine()}, ${rounds} rounds\n\n${table('code runs|ms, median|least|most'.split('|'), rows)}`);
  return true;
});

/** Milliseconds from the start of the process to its first request. */
function startOnce({ checkout, settings }: Starter, module: string): Promise<number> {
  return withScratchFolder(async (folder) => {
    const asked = Promise.withResolvers<number>();
    const server = createServer((_request, response) => {
      asked.resolve(performance.now());
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = [
      'run',
      join(checkout, module),
      '--input',
      `base=${base}`,
      '--db',
      join(folder, 'runs.db'),
      ...settings,
    ];
    const startedMs = performance.now();
    const child = spawn(process.execPath, [join(checkout, 'services/catena.ts'), ...args], {
      cwd: checkout,
      stdio: 'ignore',
      env: readEnvironment(),
    });
    const gone = once(child, 'close');
    const early = gone.then(() => Promise.reject(new Error(`the run in ${checkout} ended before its first request`)));
    early.catch(() => {});
    try {
      return (await Promise.race([asked.promise, early])) - startedMs;
    } finally {
      child.kill('SIGINT');
      await gone;
      server.closeAllConnections();
      server.close();
    }
  });
}
