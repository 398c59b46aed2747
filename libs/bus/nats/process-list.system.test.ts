/** Who runs, as the others see it: a process that was killed is noticed within seconds, one that is merely busy is not taken for gone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { type NatsServer, startNatsServer } from '../../../test/fixtures/servers/nats-server.ts';
import { namespaceOf } from '../../contracts/subjects.ts';
import { connectNats } from './connect.ts';
import { ProcessList } from './process-list.ts';

const PATIENT = { timeout: 30_000, interval: 50 };
const TEST_TIMEOUT_MS = 60_000;

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server?.stop());

/** A list in this process, and what it saw go. */
async function watching(id: string) {
  const connection = await connectNats({ url: server.url, name: id });
  const gone: string[] = [];
  const list = new ProcessList({
    connection,
    namespace: namespaceOf(''),
    self: { id, name: `${id}@here:1`, stages: ['ingress'], modules: [], queuesLocally: false, startedAtMs: 0 },
    onGone: (info) => gone.push(info.id),
    times: { settleMs: 0 },
  });
  list.start();
  onTestFinished(async () => {
    await list.stop();
    await connection.close();
  });
  return { list, gone, ids: () => list.list().map((info) => info.id) };
}

async function running(id: string, ...more: string[]): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./process.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [script, server.url, id, ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  });
  await once(child.stdout!, 'data');
  return child;
}

it('names who runs what, those that were there before as well as those that come', {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  await running('b-early');
  const { list, ids } = await watching('a-self');
  await running('c-late');
  await vi.waitFor(() => expect(ids()).toEqual(['a-self', 'b-early', 'c-late']), PATIENT);
  expect(list.list()[1]).toMatchObject({
    stages: ['parser'],
    modules: ['m@1.0.0'],
    name: expect.stringMatching(/^b-early@/),
  });
});

it('tells what calls of author code a process makes, when it is asked', { timeout: TEST_TIMEOUT_MS }, async () => {
  const { list } = await watching('a-self');
  await running('h-busy', 'calls');
  await vi.waitFor(() => expect(list.list().map(({ id }) => id)).toContain('h-busy'), PATIENT);
  const agesOf = async () =>
    (await list.ask()).find(({ id }) => id === 'h-busy')?.calls?.oldest.map(({ ageMs }) => ageMs);
  const first = (await agesOf())?.[0];
  expect(first).toBeGreaterThan(0);
  await vi.waitFor(async () => expect((await agesOf())?.[0]).toBeGreaterThan(first!), PATIENT);
});

it('a process that ends on purpose is not listed any more, and not gone', { timeout: TEST_TIMEOUT_MS }, async () => {
  const { gone, ids } = await watching('a-self');
  const child = await running('d-leaving');
  await vi.waitFor(() => expect(ids()).toContain('d-leaving'), PATIENT);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await vi.waitFor(() => expect(ids()).not.toContain('d-leaving'), PATIENT);
  await exited;
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(gone).toEqual([]);
});

it('a process that was killed is gone for exactly one of the others', { timeout: TEST_TIMEOUT_MS }, async () => {
  const first = await watching('a-self');
  const second = await watching('b-self');
  const child = await running('e-killed');
  await vi.waitFor(
    () => expect([first.ids(), second.ids()].flat().filter((id) => id === 'e-killed')).toHaveLength(2),
    PATIENT,
  );
  child.kill('SIGKILL');
  await vi.waitFor(() => expect([...first.gone, ...second.gone]).toEqual(['e-killed']), PATIENT);
  await vi.waitFor(() => expect([...first.ids(), ...second.ids()]).not.toContain('e-killed'), PATIENT);
});

it('processes that were killed are gone also if others come into their places before it is noticed', {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const { gone, ids } = await watching('a-self');
  const killed = [await running('h-killed'), await running('i-killed')];
  await vi.waitFor(() => expect(ids()).toEqual(['a-self', 'h-killed', 'i-killed']), PATIENT);
  for (const child of killed) child.kill('SIGKILL');
  // Each of them is watched by the one before it, and knows nobody who was killed before it came.
  const others = [await watching('b-new'), await watching('c-new')];
  const all = () => [gone, ...others.map((each) => each.gone)].flat().sort();
  await vi.waitFor(() => expect(all()).toEqual(['h-killed', 'i-killed']), PATIENT);
});

it('a process whose loop is blocked, or that is stopped, is not gone', { timeout: TEST_TIMEOUT_MS }, async () => {
  const { gone, ids } = await watching('a-self');
  await running('f-blocked', 'blocks');
  const stopped = await running('g-stopped');
  await vi.waitFor(() => expect(ids()).toEqual(['a-self', 'f-blocked', 'g-stopped']), PATIENT);
  stopped.kill('SIGSTOP');
  // Longer than a process may be unheard, and all of it is over before the server gives up an idle connection.
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  expect(gone).toEqual([]);
});
