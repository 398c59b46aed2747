/**
 * The thread of the watchdog. A main loop that is blocked for two seconds gets its signals handed over, so that Ctrl-C ends the
 * process; one that is blocked for five is logged with the stack that blocks it, and again each time the stall has doubled.
 *
 * Both need the main thread's attention: a debugger session interrupts its JavaScript, wherever it runs, and lets it continue. It
 * reaches loops, regular expressions and waits, but no call into the operating system that does not return.
 */
import { writeSync } from 'node:fs';
import { type Debugger, Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import { workerData } from 'node:worker_threads';
import type { Log } from '../log.ts';
import { DEBUGGED, HAND_OVER_SIGNALS, type ThreadData, TURN_MS, TURNS } from './watchdog.ts';

const SIGNALS_TURNS = 4;
const LOGGED_TURNS = 10;

/** How long the main thread may take until it is interrupted; then what blocks it is not JavaScript. */
const INTERRUPT_MS = 2_000;
const MAX_FRAMES = 15;

const { log: options, fields, isTerminal, shared } = workerData as ThreadData;
const state = new Int32Array(shared);

setInterval(() => {
  const turns = Atomics.add(state, TURNS, 1) + 1;
  if (turns < SIGNALS_TURNS || Atomics.load(state, DEBUGGED) === 1) return;
  if (turns === SIGNALS_TURNS) void interrupt();
  if (isLogged(turns)) void report(turns);
}, TURN_MS);

/** After five seconds, ten, twenty, … */
function isLogged(turns: number): boolean {
  return turns % LOGGED_TURNS === 0 && Number.isInteger(Math.log2(turns / LOGGED_TURNS));
}

async function report(turns: number): Promise<void> {
  const [stack, log] = await Promise.all([interrupt(), openLog()]);
  const blocked = { blocked_ms: turns * TURN_MS };
  if (stack === undefined) {
    log.warn('the main loop is blocked, and not by JavaScript: by a call into the system', blocked);
  } else {
    log.warn('the main loop is blocked; signals end this process at once', { ...blocked, stack });
  }
}

/** Hands the signals over; answers the stack of the main thread, or undefined when it could not be interrupted. */
function interrupt(): Promise<readonly string[] | undefined> {
  const { promise, resolve } = Promise.withResolvers<readonly string[] | undefined>();
  const session = new Session();
  const timer = setTimeout(() => resolve(undefined), INTERRUPT_MS);
  const urls = new Map<string, string>();
  session.connectToMainThread();
  // A frame names its script by number.
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => urls.set(scriptId, url));
  session.on('Debugger.paused', ({ params: { callFrames } }) => {
    const callFrameId = callFrames[0]!.callFrameId;
    const expression = `globalThis[Symbol.for('${HAND_OVER_SIGNALS}')]()`;
    session.post('Debugger.evaluateOnCallFrame', { callFrameId, expression, silent: true });
    session.post('Debugger.resume', () =>
      resolve(callFrames.slice(0, MAX_FRAMES).map((frame) => frameText(frame, urls))),
    );
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
  return promise.finally(() => {
    clearTimeout(timer);
    session.disconnect();
  });
}

function frameText({ functionName, location }: Debugger.CallFrame, urls: ReadonlyMap<string, string>): string {
  const url = urls.get(location.scriptId) ?? '';
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  return `${functionName || '<anonymous>'} (${file}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1})`;
}

/** Loaded when it is needed for the first time, which is never in most processes. */
async function openLog(): Promise<Log> {
  const { createLog } = await import('../log.ts');
  // Begins the line anew: the status line of the main thread may stand there.
  const write = (line: string): void => writeLine(isTerminal ? `\r\u001b[K${line}` : line);
  return createLog({ ...options, stream: { isTTY: isTerminal, write } }).child(fields);
}

/** Not by a stream, whose writes go through the main loop. */
function writeLine(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // Nobody reads standard error, or it is full: there is no other place to say it.
  }
}
