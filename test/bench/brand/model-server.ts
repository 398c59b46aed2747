/** Models on loopback that stream scripted answers, as slow as told, and keep a ledger of what was asked of them. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerEntry } from './ledger.ts';
import { costMillionths, type ScriptedAnswer, type ScriptOptions, scriptedAnswer } from './script.ts';

export interface ModelServer {
  /** What a registry's `baseUrl` is. */
  readonly baseUrl: string;
  readonly ledger: readonly LedgerEntry[];
  stop(): Promise<void>;
}

/** Where the ledger is read by other processes. */
export const LEDGER_PATH = '/-/ledger';
const CHAT_PATH = '/v1/chat/completions';
/** Parts in which an answer comes, and the share of its time before the first. */
const PARTS = 20;
const FIRST_WORD = 0.15;

export async function startModelServer(options: ScriptOptions): Promise<ModelServer> {
  const ledger: LedgerEntry[] = [];
  const times = new Map<string, number>();
  const server = createServer((request, response) => {
    if (request.url === LEDGER_PATH) response.end(JSON.stringify(ledger));
    else if (request.url === CHAT_PATH) void chat(request, response);
    else response.writeHead(404).end();
  });
  const chat = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startedMs = performance.now();
    let sent = '';
    for await (const chunk of request) sent += String(chunk);
    const body = JSON.parse(sent) as { readonly model: string; readonly messages: readonly { content: string }[] };
    const model = body.model.replace(/-test$/, '');
    const question = body.messages.at(-1)?.content ?? '';
    const key = JSON.stringify([model, question]);
    const nth = (times.get(key) ?? 0) + 1;
    times.set(key, nth);
    const answer = scriptedAnswer(options, { model, question, nth });
    const { id, wholeMs } = answer;
    const entry: LedgerEntry = {
      ...{ id, model, question, nth, startedMs, wholeMs, outcome: 'under_way', endedMs: null },
      costMillionths: costMillionths(answer),
    };
    ledger.push(entry);
    const gone = new AbortController();
    response.on('close', () => {
      entry.outcome = response.writableFinished ? 'answered' : 'cut';
      entry.endedMs = performance.now();
      gone.abort();
    });
    await stream(response, answer, startedMs, gone.signal).catch(() => response.destroy());
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    ledger,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends each part when it is due. Rejects when the caller goes away. */
async function stream(response: ServerResponse, answer: ScriptedAnswer, startedMs: number, gone: AbortSignal) {
  const { text, wholeMs, inputTokens, outputTokens } = answer;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
  const letters = [...text];
  const size = Math.ceil(letters.length / PARTS);
  for (let part = 0; part < PARTS; part++) {
    const dueMs = startedMs + wholeMs * (FIRST_WORD + ((1 - FIRST_WORD) * (part + 1)) / PARTS);
    await sleep(Math.max(0, dueMs - performance.now()), undefined, { signal: gone });
    const content = letters.slice(part * size, (part + 1) * size).join('');
    say(response, { choices: [{ delta: { content } }] });
  }
  say(response, { choices: [{ delta: {}, finish_reason: 'stop' }] });
  say(response, { choices: [], usage: { prompt_tokens: inputTokens, completion_tokens: outputTokens } });
  response.end('data: [DONE]\n\n');
}

function say(response: ServerResponse, event: unknown): void {
  response.write(`data: ${JSON.stringify(event)}\n\n`);
}
