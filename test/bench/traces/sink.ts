/** A collector in a process of its own that takes every export and throws it away, so that only the cost of making spans is measured. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface OtlpSink {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const PROGRAM = `
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
`;

/** Throws when it does not start. */
export async function startOtlpSink(): Promise<OtlpSink> {
  const sink = spawn(process.execPath, ['--eval', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(sink, 'close');
  const first = await Promise.race([once(createInterface(sink.stdout), 'line'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error('the collector did not start');
  return {
    endpoint: `http://127.0.0.1:${first[0] as string}`,
    stop: async () => {
      sink.stdin.end();
      await ended;
    },
  };
}
