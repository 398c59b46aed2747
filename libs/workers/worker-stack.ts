/** Where a worker's code is, seen from outside: it also answers for a worker that does not yield to its event loop. */
import { Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import { within } from '../concurrency/within.ts';

/** A frame of a stack, innermost first. */
export interface StackFrame {
  readonly name: string;
  /** `path:line:column`. */
  readonly place: string;
}

interface CallFrame {
  readonly functionName: string;
  readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number };
}

type WorkerMessage =
  | { readonly method: 'Debugger.scriptParsed'; readonly params: { readonly scriptId: string; readonly url: string } }
  | { readonly method: 'Debugger.paused'; readonly params: { readonly callFrames: readonly CallFrame[] } }
  | { readonly method?: undefined };

const TIMEOUT_MS = 2_000;
const MAX_FRAMES = 20;

/**
 * The stack of the worker thread with this name. The worker stays paused: it can only be ended after this. Undefined if it does not answer, or if a
 * debugger is attached.
 */
export async function stackOfWorker(name: string): Promise<readonly StackFrame[] | undefined> {
  const session = new Session();
  try {
    session.connect();
    const stack = Promise.withResolvers<readonly StackFrame[]>();
    const scripts = new Map<string, string>();
    let sessionId: string | undefined;
    let messages = 0;
    const send = (method: string): void => {
      messages += 1;
      const message = JSON.stringify({ id: messages, method });
      session.post('NodeWorker.sendMessageToWorker', { sessionId: sessionId!, message });
    };
    session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // The inspector has numbers of its own; the title ends with the worker's name.
      if (!params.workerInfo.title.endsWith(` ${name}`)) return;
      sessionId = params.sessionId;
      send('Debugger.enable');
      send('Debugger.pause');
    });
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId !== sessionId) return;
      const message = JSON.parse(params.message) as WorkerMessage;
      if (message.method === 'Debugger.scriptParsed') scripts.set(message.params.scriptId, message.params.url);
      if (message.method !== 'Debugger.paused') return;
      // Without this the end of the session would wait for the paused worker.
      send('Debugger.disable');
      stack.resolve(message.params.callFrames.slice(0, MAX_FRAMES).map((frame) => toFrame(frame, scripts)));
    });
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    let frames: readonly StackFrame[] | undefined;
    const seen = stack.promise.then((answer) => {
      frames = answer;
    });
    await within(seen, TIMEOUT_MS);
    return frames;
  } catch {
    return undefined;
  }
}

function toFrame({ functionName, location }: CallFrame, scripts: ReadonlyMap<string, string>): StackFrame {
  const url = scripts.get(location.scriptId) ?? '';
  const path = url.startsWith('file://') ? fileURLToPath(url.replace(/\?.*$/, '')) : url;
  const { lineNumber, columnNumber = 0 } = location;
  return { name: functionName, place: `${path}:${lineNumber + 1}:${columnNumber + 1}` };
}
