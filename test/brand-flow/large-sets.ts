/** Diagnoses of many questions: what grows with them must not grow into one item, one message or one body. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface LargeSet {
  readonly questions: number;
  /** With the diagnosed one. */
  readonly brands: number;
  readonly models: readonly string[];
}

/** The brand that is diagnosed is `Brand0`. */
export function inputOf({ questions, brands, models }: LargeSet) {
  return {
    brand: 'Brand0',
    rivals: Array.from({ length: brands - 1 }, (_, index) => `Brand${index + 1}`),
    questions: Array.from({ length: questions }, (_, index) => `Which running shoes are good for use number ${index}?`),
    models: [...models],
    maxSources: 0,
  };
}

/**
 * Models that answer at once, each question by naming a few brands and a site of its own; one of the name `late` says nothing until it is let
 * go.
 */
export async function startQuickModels({ brands }: Pick<LargeSet, 'brands'>) {
  const released = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { model, messages } = JSON.parse(text) as { model: string; messages: { content: string }[] };
    const number = Number(/(\d+)\?/.exec(messages.at(-1)?.content ?? '')?.[1] ?? 0);
    if (model.startsWith('late')) await released.promise;
    const named = [0, 1, 2].map((step) => `${step + 1}. **Brand${(number + step) % brands}**: light and durable.`);
    const content = `I recommend:\n\n${named.join('\n')}\n\nSee https://site${number}.test/shoes .`;
    const usage = { prompt_tokens: 30, completion_tokens: 60 };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ model, choices: [{ message: { content }, finish_reason: 'stop' }], usage }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, release: released.resolve };
}
