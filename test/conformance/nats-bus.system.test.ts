import { afterAll, beforeAll } from 'vitest';
import { LocalFirstBus } from '../../libs/bus/local-first-bus.ts';
import { openNatsBus } from '../../libs/bus/nats/open-nats-bus.ts';
import { type NatsServer, startNatsServer } from '../fixtures/servers/nats-server.ts';
import { type BusOptions, describeBus } from './bus.ts';

let server: NatsServer;
let opened = 0;

beforeAll(async () => {
  server = await startNatsServer();
});

afterAll(async () => {
  await server?.stop();
});

async function openNats({ capacity }: BusOptions) {
  opened += 1;
  return openNatsBus({
    url: server.url,
    namespace: `t${opened}`,
    capacity,
    maxAckPending: 100,
    streamMaxBytes: 1_048_576,
    eventMaxBytes: 1_048_576,
    // The suite sends messages that are empty but for their kind.
    check: () => undefined,
    onRefused: async ({ error }) => {
      throw error;
    },
    onNotice: () => undefined,
  });
}

describeBus('NATS', openNats);
describeBus('local-first, NATS', async (options) => new LocalFirstBus(await openNats(options)));
