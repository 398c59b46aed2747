/**
 * What author code gets of the process in a worker: its console is the log, its uncaught errors are failures of its calls, and it
 * can end no process of ours.
 */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import type { LogLine } from './protocol.ts';
import type { WorkerCalls } from './worker-calls.ts';

/** Changes the globals of this thread, for good. */
export function guardProcess(calls: Pick<WorkerCalls, 'log' | 'refuse' | 'stray'>): void {
  process.on('unhandledRejection', (reason) => calls.stray(reason));
  process.on('uncaughtException', (error) => calls.stray(error));
  process.exit = () => calls.refuse('process.exit()');
  const kill = process.kill.bind(process);
  // 0 and below mean groups of processes, which may be ours.
  process.kill = (pid, signal) =>
    pid > 0 && pid !== process.pid ? kill(pid, signal) : calls.refuse('process.kill() on the process that runs it');
  globalThis.console = capturedConsole((line) => calls.log(line));
}

/** A console whose lines go to the log, each at the level of its method. */
function capturedConsole(log: (line: LogLine) => void): Console {
  let level: LogLine['level'] = 'info';
  const lines = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      log({ level, text: text.endsWith('\n') ? text.slice(0, -1) : text });
      done();
    },
  });
  const captured = new Console({ stdout: lines, stderr: lines, colorMode: false });
  for (const [method, ofMethod] of LEVELS) {
    const print = captured[method].bind(captured) as (...values: unknown[]) => void;
    captured[method] = (...values: unknown[]): void => {
      level = ofMethod;
      print(...values);
      level = 'info';
    };
  }
  return captured;
}

const LEVELS = [
  ['debug', 'debug'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['trace', 'debug'],
] as const;
