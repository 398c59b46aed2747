/** A process that takes messages and never acks them: `node subscriber.fixture.ts <url> <namespace>`. */
import { openNatsBus } from './open-nats-bus.ts';

const [url = '', namespace = ''] = process.argv.slice(2);
const bus = await openNatsBus({
  url,
  namespace,
  capacity: 100,
  maxAckPending: 100,
  streamMaxBytes: 4_194_304,
  eventMaxBytes: 1_048_576,
  ackWaitMs: 1_000,
  onRefused: async () => undefined,
  onNotice: () => undefined,
});
bus.subscribe({
  stage: 'downloader',
  slots: 2,
  receive: async ({ message }) => {
    process.stdout.write(`${message.model.id}\n`);
    await new Promise(() => undefined);
  },
});
