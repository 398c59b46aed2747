import { Metadata } from 'nice-grpc';
import { afterEach, describe, expect, it } from 'vitest';
import { aborted, ProbeDefinition, probe, rejection } from '../../../test/fixtures/grpc/probe.ts';
import { clientOf, endServing, LIMIT_BYTES, probeClient, serve } from '../../../test/fixtures/grpc/serving.ts';
import { currentCaller } from '../../callers/current-caller.ts';
import { HealthDefinition } from '../../contracts/rpc.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { grpcService, startGrpcServer } from './server.ts';
import { parseTokens } from './tokens.ts';

afterEach(endServing);

const tokens = parseTokens('reader:r-000000000000000, submitter:s-000000000000000,service:i-000000000000000');

describe('a call', () => {
  it('reaches its handler and comes back', async () => {
    const { port } = await serve();
    await expect(probeClient(port).read({ text: 'hello' })).resolves.toEqual({ text: 'hello' });
  });

  it('that fails gives its caller the same error', async () => {
    const error = new CatenaError('module.wrong_input', 'the input of shop@1 is wrong', {
      data: { module: 'shop@1', issues: [{ path: 'input.pages', message: 'must be a number', got: 'text' }] },
      remedy: 'look at the contract',
      retryAfterMs: 1_500,
    });
    const { port } = await serve({ read: () => Promise.reject(error) });
    const {
      code,
      class: failureClass,
      message,
      data,
      remedy,
      retryAfterMs,
    } = await rejection(probeClient(port).read({ text: '' }));
    expect({ code, failureClass, message, data, remedy, retryAfterMs }).toEqual({
      code: error.code,
      failureClass: 'fatal',
      message: error.message,
      data: error.data,
      remedy: error.remedy,
      retryAfterMs: 1_500,
    });
  });

  it('that fails unexpectedly tells nothing but an id, under which the log has the reason', async () => {
    const lines: object[] = [];
    const log: Log = { ...silentLog, error: (message, fields) => void lines.push({ message, ...fields }) };
    const secret = new Error('password hunter2 is wrong');
    const { port } = await serve({ read: () => Promise.reject(secret) }, { log });
    const error = await rejection(probeClient(port).read({ text: '' }));
    expect(error).toMatchObject({ code: 'grpc.internal', class: 'fatal' });
    expect(JSON.stringify([error.message, error.data])).not.toContain('hunter2');
    expect(lines).toEqual([
      {
        message: 'grpc call failed with an unexpected error',
        method: '/test.Probe/Read',
        correlation_id: error.data.correlation_id,
        error: secret,
      },
    ]);
  });

  it('without a deadline gets the default one, and its handler is told', async () => {
    const told = Promise.withResolvers<void>();
    const { port } = await serve(
      {
        async read(_, { signal }) {
          await aborted(signal);
          told.resolve();
          throw signal.reason;
        },
      },
      { deadlineMs: 50 },
    );
    const error = await rejection(probeClient(port, { deadlineMs: Number.POSITIVE_INFINITY }).read({ text: '' }));
    expect(error).toMatchObject({ code: 'grpc.deadline_exceeded', class: 'retryable' });
    expect(error.message).toContain('50 ms');
    await told.promise;
  });

  it('whose deadline is over ends for both sides', async () => {
    const told = Promise.withResolvers<void>();
    const { port } = await serve({
      async read(_, { signal }) {
        await aborted(signal);
        told.resolve();
        throw signal.reason;
      },
    });
    const error = await rejection(probeClient(port).read({ text: '' }, { timeoutMs: 40 }));
    expect(error).toMatchObject({ code: 'grpc.deadline_exceeded', class: 'retryable' });
    expect(error.message).not.toContain('5000 ms');
    await told.promise;
  });

  it('that its caller aborts tells the handler, and rejects with the reason', async () => {
    const told = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { port } = await serve({
      async read(_, { signal }) {
        begun.resolve();
        await aborted(signal);
        told.resolve();
        throw signal.reason;
      },
    });
    const abort = new AbortController();
    const reason = new Error('enough');
    const call = probeClient(port).read({ text: '' }, { signal: abort.signal });
    await begun.promise;
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
    await told.promise;
  });

  it.each(['request', 'answer'])('with a message that is too large is refused: the %s', async (side) => {
    const large = 'x'.repeat(LIMIT_BYTES + 1);
    const { port } = await serve({ read: async () => ({ text: side === 'answer' ? large : '' }) });
    const error = await rejection(probeClient(port).read({ text: side === 'request' ? large : '' }));
    expect(error).toMatchObject({ code: 'grpc.resource_exhausted' });
    await expect(probeClient(port).write({ text: 'small' })).resolves.toEqual({ text: 'small' });
  });

  it('with a message that cannot be read is refused, and the server goes on', async () => {
    const { port } = await serve();
    const garbled = {
      ...ProbeDefinition,
      methods: {
        read: {
          ...ProbeDefinition.methods.read,
          requestType: {
            ...ProbeDefinition.methods.read.requestType,
            encode: () => ({ finish: () => Buffer.from('{') }),
          },
        },
      },
    };
    expect(await rejection(clientOf(garbled, port).read({ text: '' }))).toMatchObject({ code: 'grpc.internal' });
    await expect(probeClient(port).read({ text: 'fine' })).resolves.toEqual({ text: 'fine' });
  });
});

describe('a token', () => {
  it('lets its role in', async () => {
    const { port } = await serve({}, { tokens });
    await expect(probeClient(port, { token: 'r-000000000000000' }).read({ text: 'r' })).resolves.toEqual({ text: 'r' });
    await expect(probeClient(port, { token: 's-000000000000000' }).write({ text: 's' })).resolves.toEqual({
      text: 's',
    });
  });

  it('names its caller, by role and address, to whatever is done for the call; a name that the caller sends is not believed', async () => {
    const callers: (string | undefined)[] = [];
    const read = async () => {
      await Promise.resolve();
      callers.push(currentCaller());
      return { text: '' };
    };
    const { port } = await serve({ read }, { tokens });
    const metadata = Metadata({ 'catena-caller': 'root at home' });
    await probeClient(port, { token: 'r-000000000000000' }).read({ text: '' }, { metadata });
    const open = await serve({ read });
    await probeClient(open.port).read({ text: '' });
    expect(callers).toEqual(['reader at 127.0.0.1', 'anybody at 127.0.0.1']);
  });

  it.each([
    ['is missing', undefined, 'grpc.unauthenticated'],
    ['is not known', 'x-000000000000000', 'grpc.unauthenticated'],
    ['is only the beginning of one', 's-00000000000000', 'grpc.unauthenticated'],
    ['has too small a role', 'r-000000000000000', 'grpc.permission_denied'],
    ['has another role', 'i-000000000000000', 'grpc.permission_denied'],
  ])('that %s is refused before the handler', async (_, token, code) => {
    let calls = 0;
    const write = async () => {
      calls += 1;
      return { text: '' };
    };
    const { port } = await serve({ write }, { tokens });
    const error = await rejection(probeClient(port, { token }).write({ text: '' }));
    expect(error).toMatchObject({ code, class: 'fatal' });
    expect(error.message).not.toContain(token ?? 'nothing');
    expect(calls).toBe(0);
  });

  it.each(['Basic r-000000000000000', 'Bearer', 'Bearer  ', 'r-000000000000000', 'Bearer a b'])(
    'is not read from %j',
    async (authorization) => {
      const { port } = await serve({}, { tokens });
      const call = probeClient(port).read({ text: '' }, { metadata: Metadata({ authorization }) });
      expect(await rejection(call)).toMatchObject({ code: 'grpc.unauthenticated' });
    },
  );

  it('is not needed to ask for the health', async () => {
    const { port } = await serve({}, { tokens });
    await expect(clientOf(HealthDefinition, port).check({ service: 'test.Probe' })).resolves.toMatchObject({
      status: 1,
    });
  });

  it('of no role opens a method that nobody gave one', async () => {
    const { port } = await serve({}, { tokens, neededRole: () => undefined });
    const call = probeClient(port, { token: 's-000000000000000' }).read({ text: '' });
    expect(await rejection(call)).toMatchObject({ code: 'grpc.permission_denied' });
  });
});

describe('a start', () => {
  const options = {
    services: [grpcService(ProbeDefinition, probe())],
    log: silentLog,
    drainMs: 100,
    deadlineMs: 1_000,
    maxMessageBytes: LIMIT_BYTES,
  };

  it.each(['0.0.0.0:0', '[::]:0', '192.0.2.1:4950'])('without tokens on %s is refused', async (listen) => {
    expect(await rejection(startGrpcServer({ ...options, listen }))).toMatchObject({ code: 'grpc.unprotected' });
  });

  it('on a taken port says so', async () => {
    const { port } = await serve();
    const error = await rejection(startGrpcServer({ ...options, listen: `127.0.0.1:${port}` }));
    expect(error).toMatchObject({ code: 'grpc.cannot_listen', message: expect.stringContaining(`127.0.0.1:${port}`) });
  });
});
