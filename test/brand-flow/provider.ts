/** A provider whose every answer the test decides: whole, slow, cut off, refused, broken, or none at all. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { toGbk } from './gbk.ts';

export interface ProviderCall {
  readonly model: string;
  readonly question: string;
  /** Equal calls that came before, and this one. */
  readonly nth: number;
  readonly headers: IncomingMessage['headers'];
}

/**
 * `unfinished`: some text, and then silence. `hang`: silence from the start. `late`: silence until the test releases its answers, then all of
 * it; `half_late`: the first half at once, the rest then; `error_late`: an error then.
 */
export type Behaviour =
  | 'whole'
  | 'late'
  | 'half_late'
  | 'error_late'
  | 'unfinished'
  | 'hang'
  | 'throttled'
  | 'server_error'
  | 'malformed'
  | 'disconnect'
  | 'disconnect_midway'
  | 'gbk_declared'
  | 'gbk_undeclared'
  | 'gbk_as_utf8'
  | 'utf8_as_gbk'
  | 'utf8_with_bom'
  | 'refuses_key';

export interface TestProvider {
  readonly baseUrl: string;
  readonly calls: readonly ProviderCall[];
  /** Sends what was held back, and holds nothing back from now on. */
  release(): void;
  /** Connections that are open now. */
  connections(): Promise<number>;
  stop(): Promise<void>;
}

export const ANSWER =
  '推荐如下：\n\n1. **云步**：缓震出色，值得推荐。\n2. **Strider**：做工扎实。\n\n详见 https://zhuanlan.zhihu.com/p/1 。';

export async function startProvider(behave: (call: ProviderCall) => Behaviour): Promise<TestProvider> {
  const calls: ProviderCall[] = [];
  const released = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { model, messages } = JSON.parse(text) as { model: string; messages: { content: string }[] };
    const question = messages.at(-1)?.content ?? '';
    const nth = 1 + calls.filter((call) => call.model === model && call.question === question).length;
    const call = { model, question, nth, headers: request.headers };
    calls.push(call);
    const behaviour = behave(call);
    const held = HELD[behaviour];
    if (held === undefined) ANSWERS[behaviour as keyof typeof ANSWERS](response, request);
    else {
      if (behaviour === 'half_late') {
        begin(response);
        sayText(response, HALVES[0]);
      }
      await released.promise;
      held(response, request);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    calls,
    release: released.resolve,
    connections: () => promisify(server.getConnections.bind(server))(),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** The answer in two parts; the first ends within a sentence, before the second brand. */
export const HALVES = [ANSWER.slice(0, 22), ANSWER.slice(22)] as const;

const HELD: Readonly<Partial<Record<Behaviour, Answer>>> = {
  late: (response, request) => ANSWERS.whole(response, request),
  half_late: (response) => finish(response, HALVES[1]),
  error_late: (response) => refuse(response, 500, { code: 'internal', message: 'internal error' }),
};

const ANSWERS: Readonly<Record<Exclude<Behaviour, 'late' | 'half_late' | 'error_late'>, Answer>> = {
  whole: (response) => {
    begin(response);
    finish(response, ANSWER);
  },
  unfinished: (response) => {
    begin(response);
    say(response, { delta: { content: '1. **云步**：缓震出色，值得推荐。\n' } });
  },
  hang: () => {},
  throttled: (response) => refuse(response, 429, { code: 'rate_limit_exceeded', message: 'too many requests' }),
  server_error: (response) => refuse(response, 500, { code: 'internal', message: 'internal error' }),
  malformed: (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices": ['),
  disconnect: (_response, request) => request.socket.destroy(),
  disconnect_midway: (response, request) => {
    begin(response);
    say(response, { delta: { content: '1. **云步**：缓震出色，值得推荐。\n' } });
    setTimeout(() => request.socket.destroy(), 20);
  },
  gbk_declared: (response) => answer(response, 'application/json; charset=gbk', toGbk(WHOLE_BODY)),
  gbk_undeclared: (response) => answer(response, 'application/json', toGbk(WHOLE_BODY)),
  gbk_as_utf8: (response) => answer(response, 'application/json; charset=utf-8', toGbk(WHOLE_BODY)),
  utf8_as_gbk: (response) => answer(response, 'application/json; charset=gbk', Buffer.from(WHOLE_BODY)),
  utf8_with_bom: (response) => answer(response, 'application/json', Buffer.from(`\uFEFF${WHOLE_BODY}`)),
  // Some providers repeat the key that they refuse.
  refuses_key: (response, request) =>
    refuse(response, 401, { code: 'x', message: `wrong key ${request.headers.authorization ?? ''}` }),
};

/** The answer in one piece. */
const WHOLE_BODY = JSON.stringify({
  model: 'test',
  choices: [{ message: { content: ANSWER }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 100, completion_tokens: 50 },
});

function answer(response: ServerResponse, contentType: string, body: Uint8Array): void {
  response.writeHead(200, { 'content-type': contentType }).end(body);
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
}

function sayText(response: ServerResponse, text: string): void {
  for (const piece of text.match(/.{1,9}/gsu) ?? []) say(response, { delta: { content: piece } });
}

function finish(response: ServerResponse, rest: string): void {
  sayText(response, rest);
  say(response, { delta: {}, finish_reason: 'stop' });
  response.write(`data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 100, completion_tokens: 50 } })}\n\n`);
  response.end('data: [DONE]\n\n');
}

function say(response: ServerResponse, choice: unknown): void {
  response.write(`data: ${JSON.stringify({ model: 'test', choices: [choice] })}\n\n`);
}

function refuse(response: ServerResponse, status: number, error: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}
