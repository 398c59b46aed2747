import type { NatsConnection } from '@nats-io/transport-node';
import { expect, it, vi } from 'vitest';
import { namespaceOf } from '../../contracts/subjects.ts';
import type { FailedNode } from '../../telemetry/held-spans.ts';
import { FailedNodes } from './failed-nodes.ts';

const RUN = 'a'.repeat(32);

/** A connection on which everything that is published is heard at once. */
function connected() {
  const published: string[] = [];
  const heard: FailedNode[] = [];
  let hear: (text: string) => void = () => {};
  const connection = {
    subscribe: (_subject: string, { callback }: { callback: (error: null, message: { string(): string }) => void }) => {
      hear = (text) => callback(null, { string: () => text });
      return { unsubscribe: () => {} };
    },
    publish: (subject: string, text: string) => {
      published.push(`${subject}: ${text}`);
      hear(text);
    },
    isClosed: () => false,
  } as unknown as NatsConnection;
  const nodes = new FailedNodes({
    connection,
    namespace: namespaceOf('shop'),
    onFailed: (failed) => heard.push(failed),
    gatherMs: 1,
  });
  return { nodes, published, heard, hear: (text: string) => hear(text) };
}

it('nodes that fail together are told in one message, and the rest when the process stops', async () => {
  const { nodes, published, heard } = connected();
  nodes.tell({ runTraceId: RUN, nodeId: 'one' });
  nodes.tell({ runTraceId: RUN, nodeId: 'two' });
  await vi.waitFor(() => expect(published).toEqual([`shop.chain.process.failed: ${RUN} one\n${RUN} two`]));
  nodes.tell({ runTraceId: RUN, nodeId: 'three' });
  nodes.stop();
  nodes.stop();
  expect(published).toHaveLength(2);
  expect(heard.map(({ nodeId }) => nodeId)).toEqual(['one', 'two', 'three']);
});

it('what no process of ours sends is left out', () => {
  const { heard, hear } = connected();
  hear(`nonsense\n${RUN}\n${RUN} a b\n${RUN} ${'x'.repeat(200)}\n${RUN} good\n`);
  hear(Array.from({ length: 5_000 }, (_, at) => `${RUN} n${at}`).join('\n'));
  expect(heard[0]).toEqual({ runTraceId: RUN, nodeId: 'good' });
  expect(heard).toHaveLength(257);
});
