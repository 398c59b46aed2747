/** The API of brand diagnosis over runs that the test holds in its hand; asked by injection, without a socket. */
import { onTestFinished } from 'vitest';
import { API_TITLE } from '../../../services/node/extensions.ts';
import { ModuleRegistry } from '../../calls/registry.ts';
import { ManualClock } from '../../clock/clock.ts';
import type { PhaseSnapshot, RunSnapshot } from '../../coordination/protocol/reads.ts';
import { createRunIds } from '../../keys/run-id.ts';
import { acceptTask, type TaskSubmission } from '../../stage/run/submit.ts';
import type { RunRecord, StoredItem, TaskKey, TaskRecord } from '../../store/port.ts';
import { silentLog } from '../../telemetry/log.ts';
import { basicRoutes } from '../../transport/http/basic-routes.ts';
import { createHttpApp } from '../../transport/http/http-app.ts';
import type { HttpApp } from '../../transport/http/zod-routes.ts';
import type { ConsistencyMonitor } from '../consistency/monitor.ts';
import { createConsistencyMonitor } from '../consistency/monitor.ts';
import { defineDiagnosis } from '../module/define-diagnosis.ts';
import { PHASES } from '../module/phases.ts';
import { ProviderRegistry } from '../module/provider-registry.ts';
import { callsOf, closedRecord, inputWith, recordOf, reportFor, snapshotIn, stored } from '../status/status.fixture.ts';
import type { DiagnosisApiDeps } from './deps.ts';
import { diagnosisApi } from './diagnosis-api.ts';

export const MODELS = ['qwen', 'zhipu', 'DeepSeek'];

/** Runs as store and coordinator would tell of them, and how often they were asked. */
export class FakeRuns {
  readonly records = new Map<string, RunRecord>();
  readonly snapshots = new Map<string, RunSnapshot>();
  readonly items = new Map<string, StoredItem[]>();
  readonly asked = { findRun: 0, readItems: 0, snapshot: 0 };
  /** Names of tasks that were terminated. */
  readonly terminated = new Set<string>();

  /** A run in one of its phases, with the calls that have been answered so far. */
  inPhase(runId: string, phase: number, nodes: Partial<PhaseSnapshot> = {}, answered = 0): void {
    this.records.set(runId, recordOf({ runId, taskId: runId }));
    this.snapshots.set(runId, snapshotIn(phase, nodes, { runId }));
    this.items.set(
      runId,
      calls()
        .slice(0, answered)
        .map((call) => stored('call', call)),
    );
  }

  /** A run with its preliminary report: one call is answered, the other has said nothing yet. */
  preliminary(runId: string, answer = '首推海澜鞋业，其次是云步。'): void {
    this.inPhase(runId, PHASES.ask, { created: 5, done: 3 });
    const input = inputWith();
    const [first, second] = callsOf(input, () => answer);
    const begun = { ...second!, status: 'pending', finish: null, response: null, geo_data: null } as const;
    const report = reportFor(input, [first!, begun], [], { isFinal: false });
    this.items.set(runId, [stored('call', first), stored('begun', begun), stored('report', report)]);
  }

  /** A run that has ended: with this answer to every call, or with every call failed. */
  closed(runId: string, answer: string | null = '首推海澜鞋业，其次是云步。', changes: Partial<RunRecord> = {}): void {
    this.snapshots.delete(runId);
    this.records.set(runId, closedRecord({}, { runId, taskId: runId, ...changes }));
    const all = calls(answer);
    // As after an early opening: a report that replaces another has a greater number.
    const report = reportFor(inputWith(), all, [], { revision: 2 });
    const rows = [...all.map((call) => stored('call', call)), stored('report', report)];
    this.items.set(runId, rows);
  }
}

function calls(answer: string | null = null) {
  return callsOf(inputWith(), () => answer ?? { fails: 'timeout' });
}

export interface OpenApi {
  readonly app: HttpApp;
  readonly runs: FakeRuns;
  readonly submitted: TaskSubmission[];
  readonly consistency: ConsistencyMonitor;
  /** Tells who waits that the server is to stop. */
  readonly stop: () => void;
  get(path: string): Promise<Answer>;
  post(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  readonly body: any;
}

/** Opens the API until the test ends. */
export async function openApi(changes: Partial<DiagnosisApiDeps> = {}): Promise<OpenApi> {
  const runs = new FakeRuns();
  const submitted: TaskSubmission[] = [];
  const clock = new ManualClock();
  const nextRunId = createRunIds(clock);
  const consistency = createConsistencyMonitor({ clock, log: silentLog });
  const store = storeOf(runs);
  const deps: DiagnosisApiDeps = {
    store,
    coordinator: {
      findRun: async (runId) => {
        runs.asked.snapshot += 1;
        return runs.snapshots.get(runId);
      },
    },
    modules: new ModuleRegistry([defineDiagnosis({ registry: () => new ProviderRegistry([]) })]),
    submit: async (task) => {
      const run = await acceptTask({ store, clock, nextRunId }, task);
      submitted.push(task);
      return run;
    },
    models: () => MODELS,
    ...{ account: 'front-end', platform: 'models', submissionsPerMinute: 10, pollIntervalMs: 5 },
    consistency,
    ...changes,
  };
  const drain = new AbortController();
  const app = await createHttpApp(
    { info: API_TITLE, routes: [basicRoutes, ...diagnosisApi(deps)], maxBodyBytes: 100_000, log: silentLog },
    drain.signal,
  );
  onTestFinished(() => app.close());
  const answered = ({ statusCode, body }: { readonly statusCode: number; readonly body: string }): Answer => ({
    status: statusCode,
    body: JSON.parse(body),
  });
  return {
    ...{ app, runs, submitted, consistency },
    stop: () => drain.abort(new Error('the server is to stop')),
    get: async (url) => answered(await app.inject({ url })),
    post: async (payload, headers = {}) =>
      answered(
        await app.inject({ method: 'POST', url: '/api/perform-brand-test', payload: payload as object, headers }),
      ),
  };
}

function storeOf(runs: FakeRuns) {
  const keys = new Map<string, string>();
  return {
    findRun: async (runId: string) => {
      runs.asked.findRun += 1;
      return runs.records.get(runId);
    },
    listRuns: async ({ user, limit, offset = 0 }: Parameters<DiagnosisApiDeps['store']['listRuns']>[0]) =>
      [...runs.records.values()]
        .filter((run) => run.user === user)
        .reverse()
        .slice(offset, offset + limit),
    readItems: async ({ runId, type }: Parameters<DiagnosisApiDeps['store']['readItems']>[0]) => {
      runs.asked.readItems += 1;
      return (runs.items.get(runId) ?? []).filter((item) => item.type === type);
    },
    findTask: async (key: TaskKey): Promise<TaskRecord> => {
      const mark = { by: 'operator at 10.0.0.7', reason: 'a test', atMs: 0, runId: '' };
      return { ...key, counts: { executions: 0, errors: 0 }, mark, coolsUntilMs: 0, openRuns: [] };
    },
    acceptRun: async (run: Parameters<Parameters<typeof acceptTask>[0]['store']['acceptRun']>[0]) => {
      if (runs.terminated.has(run.taskId)) return undefined;
      const key = JSON.stringify([run.account, run.idempotencyKey ?? run.runId]);
      const standing = keys.get(key);
      if (standing !== undefined) return standing;
      keys.set(key, run.runId);
      runs.records.set(run.runId, { ...run, state: 'accepted', end: undefined });
      return run.runId;
    },
  };
}
