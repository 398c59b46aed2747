/**
 * `npm run proof:jetstream`: what JetStream loses and forgets, on a server of its own, and what is left of that in a run of Catena. The
 * figures of `docs/internals/jetstream.md` come from here.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { RunState } from '../../libs/contracts/services.ts';
import { startDeployment } from '../fixtures/deployment/deployment.ts';
import { submitRun } from '../fixtures/deployment/runs.ts';
import { type NatsServer, startNatsServer } from '../fixtures/servers/nats-server.ts';

const ROUNDS = 20;
/** Publishes that are under way at the same time. */
const AT_ONCE = 64;
/** How long is published before the server is killed. */
const PUBLISH_MS = 300;
const PAGES = 400;

async function onServer<T>(work: (server: NatsServer, open: () => Promise<NatsConnection>) => Promise<T>): Promise<T> {
  const server = await startNatsServer();
  const opened: NatsConnection[] = [];
  try {
    return await work(server, async () => {
      const connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
      opened.push(connection);
      return connection;
    });
  } finally {
    await Promise.all(opened.map((connection) => connection.close()));
    await server.stop();
  }
}

/** Kills the server while messages are published: how many it had acknowledged, and how many of them are gone. */
function killedWhilePublishing(): Promise<{ acknowledged: number; lost: number }> {
  return onServer(async (server, open) => {
    const connection = await open();
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'S', subjects: ['s'], retention: RetentionPolicy.Workqueue });
    const client = jetstream(connection, { timeout: 500 });
    let acknowledged = 0;
    let lost = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let isOver = false;
      let last = 0;
      const publish = async (): Promise<void> => {
        while (!isOver) {
          const answer = await client.publish('s', 'x').catch(() => undefined);
          if (answer === undefined) return;
          acknowledged += 1;
          last = Math.max(last, answer.seq);
        }
      };
      const publishing = Array.from({ length: AT_ONCE }, publish);
      await delay(PUBLISH_MS);
      await server.halt('SIGKILL');
      isOver = true;
      await Promise.all(publishing);
      await server.resume();
      for (;;) {
        const state = await manager.streams.info('S').catch(() => undefined);
        if (state !== undefined) {
          lost += Math.max(0, last - state.state.last_seq);
          break;
        }
        await delay(50);
      }
    }
    return { acknowledged, lost };
  });
}

/** Whether a message with an id that was stored and acknowledged is stored again after a restart. */
function idsAfterRestart(): Promise<{ before: boolean; after: boolean }> {
  return onServer(async (server, open) => {
    const connection = await open();
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'S', subjects: ['s'], retention: RetentionPolicy.Workqueue });
    const consumer = await manager.consumers.add('S', { durable_name: 'c', ack_policy: 'explicit' });
    const client = jetstream(connection);
    await client.publish('s', 'x', { msgID: 'one' });
    const message = await (await client.consumers.get('S', consumer.name)).next();
    await message!.ackAck();
    const before = (await client.publish('s', 'x', { msgID: 'one' })).duplicate;
    await server.restart();
    await delay(500);
    const after = (await client.publish('s', 'x', { msgID: 'one' })).duplicate;
    return { before, after };
  });
}

/** Whether the late acknowledgement of a holder that lost a message deletes it under its new holder. */
function lateAck(): Promise<boolean> {
  return onServer(async (_server, open) => {
    const connection = await open();
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'S', subjects: ['s'], retention: RetentionPolicy.Workqueue });
    await manager.consumers.add('S', { durable_name: 'c', ack_policy: 'explicit', ack_wait: 300 * 1e6 });
    const client = jetstream(connection);
    await client.publish('s', 'x');
    const consumer = await client.consumers.get('S', 'c');
    const zombie = await consumer.next();
    await delay(600);
    const holder = await consumer.next();
    zombie!.ack();
    await delay(300);
    return holder !== null && (await manager.streams.info('S')).state.messages === 0;
  });
}

/** A run during which all that NATS holds is thrown away twice. */
async function runOverLosses(): Promise<{ items: number; dead: number; asked: number; seconds: number }> {
  let asked = 0;
  const site = createServer((_request, response) => {
    asked += 1;
    setTimeout(() => response.end('<p>page</p>'), 20);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const deployment = await startDeployment({
    modules: ['test/fixtures/modules/pages.ts'],
    env: {
      CATENA_ROBOTS_ENABLED: 'false',
      CATENA_LIMITS_REQUESTS_PER_SECOND: '60',
      CATENA_DISPATCH_GRACE_MS: '2000',
      CATENA_RESPONSE_GRACE_MS: '2000',
    },
  });
  try {
    const startMs = performance.now();
    const base = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    const runId = await submitRun(deployment, 'pages', { base, pages: PAGES });
    for (let loss = 0; loss < 2; loss++) {
      await delay(2_500);
      await deployment.servers.nats.restart({ keepData: false, signal: 'SIGKILL' });
    }
    for (;;) {
      const { run } = await deployment.ingress.getRun({ runId });
      if (run?.state === RunState.CLOSED) {
        const seconds = Math.round((performance.now() - startMs) / 1_000);
        return { items: Number(run.end!.items), dead: Number(run.end!.dead), asked, seconds };
      }
      await delay(100);
    }
  } finally {
    await deployment.stop();
    site.closeAllConnections();
    site.close();
  }
}

const killed = await killedWhilePublishing();
process.stdout.write(
  `kill -9 while publishing, ${ROUNDS} times: ${killed.acknowledged} messages acknowledged, ${killed.lost} of them gone\n`,
);
const ids = await idsAfterRestart();
process.stdout.write(
  `an id whose message was acknowledged is known: before a restart ${ids.before ? 'yes' : 'no'}, after it ${ids.after ? 'yes' : 'no'}\n`,
);
process.stdout.write(
  `a late acknowledgement deletes the message under its new holder: ${(await lateAck()) ? 'yes' : 'no'}\n`,
);
const run = await runOverLosses();
process.stdout.write(
  `a run of ${PAGES} pages, all of NATS wiped twice: ${run.items} items, ${run.dead} dead, ${run.asked} requests, ${run.seconds} s\n`,
);
process.exitCode = run.items === PAGES && run.dead === 0 ? 0 : 1;
