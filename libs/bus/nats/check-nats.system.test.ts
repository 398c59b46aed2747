import { connect } from '@nats-io/transport-node';
import { expect, it, onTestFinished } from 'vitest';
import { type NatsServerOptions, startNatsServer } from '../../../test/fixtures/servers/nats-server.ts';
import { checkNats, type NatsNeeds } from './check-nats.ts';
import { openNatsBus } from './open-nats-bus.ts';

const NEEDS: NatsNeeds = { replicas: 1, maxMessageBytes: 600_000, storageBytes: 1_000_000, durability: 'process' };

async function check(options: NatsServerOptions, needs: Partial<NatsNeeds> = {}, user?: string) {
  const server = await startNatsServer(options);
  onTestFinished(() => server.stop());
  const connection = await connect({ servers: server.url, ...(user === undefined ? {} : { user, pass: 'p' }) });
  onTestFinished(() => connection.close());
  const all = await checkNats(connection, { ...NEEDS, ...needs });
  // What is known of the version of the server here is no problem of how it is set up.
  return { server, all, problems: all.filter(({ code }) => code !== 'nats.known_vulnerability') };
}

it('finds nothing wrong with a plain server of the floor version but what is known of the version', async () => {
  const { all } = await check({});
  expect(all.filter(({ code, severity }) => code !== 'nats.known_vulnerability' || severity !== 'warning')).toEqual([]);
});

it('says that JetStream is missing, and so does opening a bus', async () => {
  const { server, problems } = await check({ jetstream: false });
  expect(problems).toMatchObject([{ code: 'nats.no_jetstream', severity: 'error' }]);
  expect(problems[0]?.remedy).toContain('-js');
  const opening = openNatsBus({ url: server.url, onRefused: async () => undefined, onNotice: () => undefined });
  await expect(opening).rejects.toMatchObject({ code: 'bus.no_jetstream', remedy: expect.stringContaining('-js') });
});

it('says that this account has no JetStream', async () => {
  const config =
    'accounts { A { users [{ user: a, password: p }] }, B { jetstream: enabled, users [{ user: b, password: p }] } }';
  expect((await check({ config }, {}, 'a')).problems).toMatchObject([{ code: 'nats.no_jetstream' }]);
  expect((await check({ config }, {}, 'b')).problems).toEqual([]);
});

it('reads limits of messages and of the account', async () => {
  const limited =
    'max_payload: 64KB\naccounts { A { jetstream: { max_file: 500000, max_streams: 3 }, users [{ user: a, password: p }] } }';
  const { problems } = await check({ config: limited }, {}, 'a');
  expect(problems.map(({ code }) => code)).toEqual([
    'nats.payload_too_small',
    'nats.storage_too_small',
    'nats.counts_limited',
  ]);
  expect(problems[0]?.message).toBe('max_payload is 65536 bytes, messages may take 604096');
  expect(problems[1]?.message).toContain('may store 500000 bytes');
});

it('says that a server alone keeps no replicas, and what cannot be seen of its syncing', async () => {
  const { server, problems } = await check({}, { replicas: 3, durability: 'power' });
  expect(problems).toMatchObject([
    { code: 'nats.no_cluster', severity: 'error' },
    { code: 'nats.sync_unknown', severity: 'warning' },
  ]);
  const opening = openNatsBus({
    url: server.url,
    replicas: 3,
    onRefused: async () => undefined,
    onNotice: () => undefined,
  });
  await expect(opening).rejects.toMatchObject({ code: 'bus.too_few_servers' });
});

it.each([
  ['user a and a wrong password', 'nats://a:wrong@', 'bus.unauthorized'],
  ['nobody', 'nats://', 'bus.unauthorized'],
])('says that the server refuses %s', async (_, prefix, code) => {
  const server = await startNatsServer({ config: 'authorization { user: a, password: "p@ss" }' });
  onTestFinished(() => server.stop());
  const open = (url: string) => openNatsBus({ url, onRefused: async () => undefined, onNotice: () => undefined });
  await expect(open(server.url.replace('nats://', prefix))).rejects.toMatchObject({ code, remedy: expect.any(String) });
  await (await open(server.url.replace('nats://', 'nats://a:p%40ss@'))).close();
});

it('gives up connecting in bounded time', async () => {
  const server = await startNatsServer();
  await server.stop();
  const opening = openNatsBus({
    url: server.url,
    requestTimeoutMs: 300,
    onRefused: async () => undefined,
    onNotice: () => undefined,
  });
  await expect(opening).rejects.toMatchObject({ code: 'bus.unavailable', class: 'retryable' });
});
