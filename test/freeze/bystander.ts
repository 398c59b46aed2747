/** A process that only answers `GET /`: what it takes to answer is the machine's share of every other answer. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { readEnvironment } from '../../libs/config/environment.ts';

export interface Bystander {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startBystander(): Promise<Bystander> {
  const child: ChildProcess = spawn(process.execPath, [import.meta.filename], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: readEnvironment(),
  });
  const [url] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  const gone = once(child, 'close');
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

if (import.meta.main) {
  const server = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  // A test that dies takes it along.
  process.stdin.resume().once('end', () => process.exit());
}
