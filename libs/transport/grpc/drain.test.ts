import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { aborted, rejection } from '../../../test/fixtures/grpc/probe.ts';
import { clientOf, endServing, probeClient, serve } from '../../../test/fixtures/grpc/serving.ts';
import { HealthDefinition, ServingStatus } from '../../contracts/rpc.ts';
import { pushStream } from './dispatch/push-stream.ts';

afterEach(endServing);

const DRAINING = { code: 'grpc.draining', class: 'retryable' };

/** The messages of a stream until it fails, and the error. */
async function collect<Message>(stream: AsyncIterable<Message>, onMessage: (message: Message) => void = () => {}) {
  const messages: Message[] = [];
  const error = await rejection(
    (async () => {
      for await (const message of stream) {
        messages.push(message);
        onMessage(message);
      }
    })(),
  );
  return { messages, error };
}

describe('stopping', () => {
  it('lets a call end, and refuses new ones on the same connection and on others', async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const server = await serve({
      async read({ text }) {
        begun.resolve();
        await goOn.promise;
        return { text };
      },
    });
    const client = probeClient(server.port);
    const call = client.read({ text: 'kept' });
    await begun.promise;
    const stopped = server.stop();
    expect(await rejection(client.write({ text: '' }))).toMatchObject({ class: 'retryable' });
    expect(await rejection(probeClient(server.port).write({ text: '' }))).toMatchObject({ code: 'grpc.unavailable' });
    goOn.resolve();
    await expect(call).resolves.toEqual({ text: 'kept' });
    await stopped;
  });

  it('tells a stream of answers to end, with an error after which one calls again', async () => {
    const server = await serve();
    const { messages, error } = await collect(probeClient(server.port).watch({ text: 'w' }), () => void server.stop());
    expect(messages).toEqual([{ text: 'w' }]);
    expect(error).toMatchObject(DRAINING);
  });

  it('tells so too when the handler noticed by an aborted timer or fetch', async () => {
    const server = await serve({
      async *watch({ text }, { signal }) {
        yield { text };
        await aborted(signal);
        throw new DOMException('it was aborted', 'AbortError');
      },
    });
    const { error } = await collect(probeClient(server.port).watch({ text: 'w' }), () => void server.stop());
    expect(error).toMatchObject(DRAINING);
  });

  it('lets a stream in both directions finish what it has begun', async () => {
    const server = await serve();
    const asks = pushStream<{ text: string }>();
    asks.push({ text: 'one' });
    const told: string[] = [];
    for await (const { text } of probeClient(server.port).chat(asks)) {
      told.push(text);
      void server.stop();
    }
    expect(told).toEqual(['one']);
    await server.stop();
  });

  it('cuts off what does not end within the limit, and tells its handler', async () => {
    const told = Promise.withResolvers<void>();
    const server = await serve(
      {
        async *watch({ text }, { drain }) {
          yield { text };
          await aborted(drain);
          yield { text };
          await new Promise(() => {});
        },
        async read(_, { signal }) {
          await aborted(signal);
          told.resolve();
          throw signal.reason;
        },
      },
      { drainMs: 50 },
    );
    const call = rejection(probeClient(server.port).read({ text: '' }));
    const { messages, error } = await collect(probeClient(server.port).watch({ text: 'w' }), () => void server.stop());
    expect(messages).toHaveLength(2);
    expect(error.class).toBe('retryable');
    expect((await call).class).toBe('retryable');
    await told.promise;
    await server.stop();
  });

  it('twice is stopping once, and leaves nothing that listens', async () => {
    const server = await serve();
    const [first, second] = [server.stop(), server.stop()];
    expect(second).toBe(first);
    await first;
    const socket = connect(server.port, '127.0.0.1');
    const refused = await new Promise((resolve) => socket.once('error', resolve).once('connect', resolve));
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('health', () => {
  it('knows each service and the whole, and nothing else', async () => {
    const server = await serve();
    const health = clientOf(HealthDefinition, server.port);
    const statusOf = async (service: string) => (await health.check({ service })).status;
    expect([await statusOf('test.Probe'), await statusOf('')]).toEqual([ServingStatus.SERVING, ServingStatus.SERVING]);
    server.setServing('test.Probe', false);
    expect([await statusOf('test.Probe'), await statusOf('')]).toEqual([
      ServingStatus.NOT_SERVING,
      ServingStatus.NOT_SERVING,
    ]);
    expect(await rejection(statusOf('test.Other'))).toMatchObject({ code: 'grpc.not_found' });
    expect(() => server.setServing('test.Other', true)).toThrow(expect.objectContaining({ code: 'grpc.not_found' }));
  });

  it('can be watched: each change once, and at the end that nothing serves', async () => {
    const server = await serve();
    const next = [
      () => server.setServing('test.Probe', false),
      () => server.setServing('test.Probe', true),
      () => void server.stop(),
    ];
    const { messages, error } = await collect(
      clientOf(HealthDefinition, server.port).watch({ service: 'test.Probe' }),
      () => next.shift()?.(),
    );
    const { SERVING, NOT_SERVING } = ServingStatus;
    expect(messages.map(({ status }) => status)).toEqual([SERVING, NOT_SERVING, SERVING, NOT_SERVING]);
    expect(error).toMatchObject(DRAINING);
  });

  it('can be watched for a service that is not there', async () => {
    const server = await serve();
    const { messages } = await collect(
      clientOf(HealthDefinition, server.port).watch({ service: 'test.Other' }),
      () => void server.stop(),
    );
    expect(messages).toMatchObject([{ status: ServingStatus.SERVICE_UNKNOWN }]);
  });
});
