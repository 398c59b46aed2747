/** The shipped permissions of NATS: a run goes through with them, and no service may do what is another's. */
import { readFile } from 'node:fs/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { expect, it, onTestFinished, vi } from 'vitest';
import { STREAMS } from '../../libs/contracts/subjects.ts';
import { startCountedSite } from '../fixtures/deployment/counted-site.ts';
import { FIVE_SERVICES, type ServiceName, startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, submitRun } from '../fixtures/deployment/runs.ts';

const SHIPPED = new URL('../../deploy/nats/catena.conf', import.meta.url);
const PASSWORD = 'of-this-test';
const REFUSED_MS = 1_000;

/** The shipped file with the passwords that nats-server would read from its environment. */
async function permissions(): Promise<string> {
  const text = await readFile(SHIPPED, 'utf8');
  return text.replaceAll(/\$CATENA_NATS_[A-Z_]+_PASSWORD/g, `"${PASSWORD}"`);
}

/** Resolves when the server does what is asked; rejects when it refuses, which it does by not answering. */
async function asks(connection: NatsConnection, what: (connection: NatsConnection) => Promise<unknown>): Promise<void> {
  await what(connection);
}

it('five services with a user each run a crawl with large bodies, and none may take, purge or delete what is not its own', {
  timeout: 240_000,
}, async () => {
  const site = await startCountedSite();
  const deployment = await startDeployment({
    modules: ['test/fixtures/modules/pages.ts'],
    services: ['ingress', ...FIVE_SERVICES.filter((name) => name !== 'ingress')],
    natsConfig: await permissions(),
    envOf: (name, { nats }) => ({ CATENA_NATS_URL: nats.url.replace('://', `://${name}:${PASSWORD}@`) }),
    env: {
      CATENA_ROBOTS_ENABLED: 'false',
      CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
      // Every page goes through the object store.
      CATENA_BLOB_THRESHOLD_BYTES: '1',
    },
  });
  onTestFinished(() => deployment.stop());
  const runId = await submitRun(deployment, 'pages', { base: site.url, pages: 30 });
  expect((await closedRun(deployment, runId)).end).toMatchObject({ items: 30, dead: 0 });
  for (const { name, log } of deployment.services) {
    const refusals = log.filter(({ level, error }) => level === 'error' && /permission/i.test(JSON.stringify(error)));
    expect([name, refusals]).toEqual([name, []]);
  }

  const users: readonly ServiceName[] = ['ingress', 'module-processor', 'downloader', 'parser', 'error-threshold'];
  for (const user of users) {
    const connection = await connect({
      ...{ servers: deployment.servers.nats.url, user, pass: PASSWORD, inboxPrefix: `_INBOX_${user}`, timeout: 5_000 },
    });
    onTestFinished(() => connection.close());
    const manager = await jetstreamManager(connection, { timeout: REFUSED_MS, checkAPI: false });
    for (const { name: stream, consumer } of STREAMS) {
      expect((await manager.streams.info(stream)).config.name).toBe(stream);
      await expect(asks(connection, () => manager.streams.purge(stream))).rejects.toThrow();
      await expect(asks(connection, () => manager.streams.delete(stream))).rejects.toThrow();
      if (consumer === user) continue;
      const taken = jetstream(connection, { timeout: REFUSED_MS }).consumers.get(stream, consumer);
      await expect(taken.then((each) => each.next({ expires: 1_000 }))).rejects.toThrow();
    }
  }
  await vi.waitFor(() => expect(deployment.services.every(({ child }) => child.exitCode === null)).toBe(true));
});
