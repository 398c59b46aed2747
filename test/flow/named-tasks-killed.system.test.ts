/**
 * Processes that are killed with -9 between the decision that ends a task and the mark of the task: it is marked all the same, once,
 * its other open runs end, and new ones are refused until it is lifted.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { FAILPOINT_VARIABLE } from '../../libs/config/environment.ts';
import { FinishReason } from '../../libs/contracts/services.ts';
import type { Failpoint } from '../../libs/failpoints/failpoint.ts';
import { openPostgresStore } from '../../libs/store/postgres/index.ts';
import { ended, start } from '../crash/process.ts';
import {
  type Deployment,
  FIVE_SERVICES,
  type ServiceName,
  startDeployment,
} from '../fixtures/deployment/deployment.ts';
import { closedRun, submitRun } from '../fixtures/deployment/runs.ts';
import type { ServiceProcess } from '../fixtures/deployment/service-process.ts';

const MODULE = 'test/fixtures/modules/flaky.ts';
const KEY = { account: 'acme', taskId: 'prices' };
const PATIENT = { timeout: 60_000, interval: 50 };
/** A task is ended by its fifth error, and a module by none of these runs. */
const FIVE = { CATENA_THRESHOLDS_TASK_ERRORS: '5', CATENA_THRESHOLDS_MODULE_ERRORS: '1000' };
/** Only ingress sweeps, so that no other process writes the end of a run. Leases are longer than the interval of a sweeper. */
const HOUR_MS = 3_600_000;
const NO_SWEEPS = { CATENA_SWEEP_INTERVAL_MS: String(HOUR_MS), CATENA_LEASE_MS: String(2 * HOUR_MS) };

type Point = Failpoint | `${Failpoint}:${number}`;

interface Scene {
  readonly deployment: Deployment;
  /** Of the task, as the store has it. */
  mark(): Promise<{ readonly by: string; readonly runId: string } | undefined>;
  /** Resolves when the process has died at its failpoint. */
  killed(name: ServiceName): Promise<void>;
  /** Starts the process again, in its place; nothing kills it any more. */
  restart(name: ServiceName): Promise<void>;
}

/** Five processes, some of which die at a point. */
async function fiveProcesses(points: Partial<Record<ServiceName, Point>>): Promise<Scene> {
  const left = new Map(Object.entries(points));
  const envOf = (name: ServiceName) => {
    const point = left.get(name);
    return {
      ...(name === 'ingress' ? {} : NO_SWEEPS),
      ...(point === undefined ? {} : { [FAILPOINT_VARIABLE]: point }),
    };
  };
  const deployment = await startDeployment({ modules: [MODULE], env: FIVE, envOf });
  onTestFinished(() => deployment.stop());
  const url = deployment.servers.databaseUrl;
  const store = await openPostgresStore({ url, connections: 1, timeoutMs: 10_000 });
  onTestFinished(() => store.close());
  const first = new Map(FIVE_SERVICES.map((name, at) => [name, deployment.services[at]!]));
  const ends = new Map([...first].map(([name, { child }]) => [name, once(child, 'close')]));
  return {
    deployment,
    mark: async () => (await store.findTask({ account: KEY.account, name: KEY.taskId }, 0))?.mark,
    killed: async (name) => expect((await ends.get(name))?.[1], name).toBe('SIGKILL'),
    restart: async (name) => {
      left.delete(name);
      await deployment.start(name, (first.get(name) as ServiceProcess).port);
    },
  };
}

const submit = ({ deployment }: Scene, input: object) => submitRun(deployment, 'flaky@1.0.0', input, KEY);

/** A run of the task with three errors, which waits for a retry. */
async function openRun(scene: Scene): Promise<string> {
  const runId = await submit(scene, { failing: 2, waiting: true });
  const errors = async () => (await scene.deployment.ingress.getRun({ runId })).run?.progress[0]?.errors;
  await expect.poll(errors, PATIENT).toBe(3);
  return runId;
}

async function endsWithItsTask({ deployment }: Scene, runId: string): Promise<void> {
  expect((await closedRun(deployment, runId)).end).toMatchObject({
    reason: FinishReason.TERMINATED,
    detail: expect.stringContaining('its task prices was terminated: threshold: 5 errors in '),
  });
}

/** New runs are refused, and admitted again after a lift: with four errors, one below the threshold. */
async function isRefusedUntilItIsLifted(scene: Scene): Promise<void> {
  const { ingress } = scene.deployment;
  await expect(submit(scene, {})).rejects.toMatchObject({ code: 'submit.task_terminated' });
  expect((await ingress.liftTask(KEY)).changed).toBe(true);
  const after = await closedRun(scene.deployment, await submit(scene, { failing: 4 }));
  expect(after.end).toMatchObject({ reason: FinishReason.COMPLETED, dead: 4 });
  expect((await ingress.getTask(KEY)).task).toMatchObject({ errors: 4, mark: undefined });
}

it('error-threshold behind the decision, and ingress before the end of the run: its end marks the task', async () => {
  const scene = await fiveProcesses({ 'error-threshold': 'decide.after:5', ingress: 'settle.before' });
  const other = await openRun(scene);
  const tripped = await submit(scene, { failing: 2 });
  await Promise.all([scene.killed('error-threshold'), scene.killed('ingress')]);
  expect(await scene.mark()).toBeUndefined();

  await scene.restart('ingress');
  await vi.waitFor(async () => expect(await scene.mark()).toMatchObject({ by: 'threshold', runId: tripped }), PATIENT);
  await endsWithItsTask(scene, other);
  // It finds the failure again that it had decided.
  await scene.restart('error-threshold');
  await isRefusedUntilItIsLifted(scene);
}, 240_000);

it('ingress before the end of the run: the task was marked behind the decision', async () => {
  const scene = await fiveProcesses({ ingress: 'settle.before' });
  const other = await openRun(scene);
  const tripped = await submit(scene, { failing: 2 });
  await scene.killed('ingress');
  await vi.waitFor(async () => expect(await scene.mark()).toMatchObject({ by: 'threshold', runId: tripped }), PATIENT);

  await scene.restart('ingress');
  await endsWithItsTask(scene, other);
  await isRefusedUntilItIsLifted(scene);
}, 240_000);

it('one process behind the decision: the next one marks the task with the end of its run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'catena-named-task-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const catena = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    ended(start(['services/catena.ts', ...args, '--db', join(folder, 'run.db')], { ...FIVE, ...env }), 60_000);
  const run = (failing: number, env = {}) =>
    catena(
      ['run', MODULE, '--task', 'prices', '--input', `failing=${failing}`, '-o', join(folder, `${failing}.jsonl`)],
      env,
    );

  expect((await run(3)).code).toBe(3);
  expect(await run(2, { [FAILPOINT_VARIABLE]: 'decide.after:2' })).toMatchObject({ signal: 'SIGKILL' });
  expect(await run(2)).toMatchObject({ code: 4 });
  expect(await run(1)).toMatchObject({ code: 2, stderr: expect.stringContaining('catena task lift prices') });
  expect((await catena(['task', 'lift', 'prices'])).code).toBe(0);
  expect((await run(4)).code).toBe(3);
}, 240_000);
