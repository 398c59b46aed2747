/** What a preliminary report is and what replaces it, in any mode: the same tests run in one process and on services. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DiagnosisReader } from '../../libs/brand/api/diagnosis-reader.ts';
import { checkConsistency } from '../../libs/brand/consistency/check-consistency.ts';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import type { CallItem, ReportItem } from '../../libs/brand/module/items.ts';
import { type StatusBody, statusBodySchema } from '../../libs/brand/status/bodies.ts';
import { statusBody, testProgress } from '../../libs/brand/status/status-body.ts';
import type { Emission, Emissions, ModuleDefinition } from '../../libs/modules/contract/definition.ts';
import type { FlowMode, FlowNode, FlowPlace } from '../fixtures/flow.ts';
import { registryOf } from './models.ts';
import { startPages } from './pages.ts';
import { ANSWER, type Behaviour, HALVES } from './provider.ts';
import { KEY, provider } from './scene.ts';

const EARLY_AT_MS = 1_000;
/** Time for what has arrived to be stored, which happens every two seconds, twice. */
const EARLY_WITH_TEXT_MS = 5_000;
const REPORT_BY_MS = 12_000;
const DEADLINE_MS = 90_000;
/** How long a test waits for a report. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 20;

interface EarlyScene {
  readonly place: FlowPlace;
  readonly module: ModuleDefinition;
  readonly asked: Awaited<ReturnType<typeof provider>>;
  readonly models: readonly string[];
}

/** A diagnosis in which each model behaves in its own way; nothing of it has begun. */
async function earlyScene(
  mode: FlowMode,
  behaviours: Readonly<Record<string, Behaviour>>,
  earlyAtMs = EARLY_AT_MS,
): Promise<EarlyScene> {
  const asked = await provider(({ model }) => behaviours[model.replace(/-test$/, '')] ?? 'whole');
  const pages = await startPages('海澜鞋业 与 云步 的对比');
  onTestFinished(() => pages.stop());
  const models = Object.keys(behaviours);
  const registry = registryOf(asked.baseUrl, models);
  const module = defineDiagnosis({
    ...{ registry: () => registry, pageUrl: pages.pageUrl },
    times: { earlyAtMs, reportByMs: REPORT_BY_MS },
  });
  return { place: await mode.newPlace(), module, asked, models };
}

/** The pages that its models cite are on loopback. */
const SETTINGS = { 'http.allowed_untrusted_targets': '127.0.0.1' };

async function begin({ module, models }: EarlyScene, node: FlowNode): Promise<string> {
  await node.store.putAccount({ account: 'acme', platform: 'web', login: { TEST_MODEL_KEY: KEY }, updatedAtMs: 1 });
  const input = { brand: '海澜鞋业', rivals: ['云步', 'Strider'], questions: ['推荐几款跑鞋'], models, attempts: 1 };
  const task = { modules: [module.id], account: 'acme', platform: 'web', deadlineMs: DEADLINE_MS };
  return (await node.submit({ ...task, input })).runId;
}

function readerOf({ store, coordinator }: FlowNode): DiagnosisReader {
  return new DiagnosisReader({ store, coordinator, pollIntervalMs: LOOK_MS });
}

/** The whole status once a report after this revision stands, or nothing more will come. */
async function reportAfter(node: FlowNode, runId: string, revision: number) {
  const reader = readerOf(node);
  const look = await reader.after(runId, { revision }, AbortSignal.timeout(PATIENCE_MS));
  const whole = await reader.whole(look);
  return { ...whole, body: statusBody(whole), progress: testProgress(whole), run: await reader.runReport(look) };
}

async function itemsOf<T>({ store }: FlowNode, runId: string, type: string): Promise<T[]> {
  const rows = await store.readItems({ runId, afterSeq: 0, limit: 1_000, type });
  return rows.map(({ data }) => JSON.parse(data) as T);
}

function statusesOf(calls: readonly Pick<CallItem, 'model' | 'status'>[]) {
  return Object.fromEntries(calls.map(({ model, status }) => [model, status]));
}

/** Holds the first execution of a compute step back before it is committed; it is let go when the test says so. */
function holdFirst(module: ModuleDefinition, stepName: string) {
  const held = module.steps.findIndex(({ name }) => name === stepName);
  const [reached, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const compute = module.compute.bind(module);
  let passes = 0;
  async function* heldBack(emissions: Emissions): AsyncGenerator<Emission> {
    yield* emissions;
    passes += 1;
    if (passes > 1) return;
    reached.resolve();
    await letGo.promise;
  }
  Object.assign(module, {
    compute: (at: number, call: Parameters<typeof compute>[1]) =>
      at === held ? heldBack(compute(at, call)) : compute(at, call),
  });
  return { reached: reached.promise, letGo: letGo.resolve };
}

/** Defines the tests of a mode. */
export function describeEarlyReports(name: string, mode: FlowMode): void {
  describe(`a diagnosis whose models are slow, ${name}`, () => {
    it('reports on what was said so far, and in the end on all of it (B22)', async () => {
      const behaviours = { quick: 'whole', slow: 'late', half: 'half_late', broken: 'server_error' } as const;
      const scene = await earlyScene(mode, behaviours, EARLY_WITH_TEXT_MS);
      const node = await scene.place.start([scene.module], SETTINGS);
      const runId = await begin(scene, node);

      const early = await reportAfter(node, runId, 0);
      expect(early.record.state).not.toBe('closed');
      expect(early.report).toMatchObject({
        ...{ revision: 1, final: false, success: true, status: 'completed', total: 4, completed: 2 },
        coverage: { whole: 1, partial: 1, failed: 1, pending: 1 },
      });
      expect(early.report?.elapsed).toBeLessThan(REPORT_BY_MS);
      const expected = { quick: 'whole', slow: 'pending', half: 'partial', broken: 'failed' };
      expect(statusesOf(early.run.calls)).toEqual(expected);
      const half = early.run.calls.find(({ model }) => model === 'half');
      expect(half).toMatchObject({ response: HALVES[0], finish: null, error: null, cost: 0 });
      expect(half?.cost_at_most).toBeGreaterThan(0);
      // Of four calls one failed. 云步 is named by two answers, Strider by one: what was not heard may name both.
      const [own, cloud, strider] = early.report!.figures.bare.overall.brands;
      expect(own?.mentionRate).toMatchObject({ value: null, numerator: 0, denominator: 3, least: 0, most: 2 / 3 });
      expect(cloud?.mentionRate).toMatchObject({ value: null, numerator: 2, least: 2 / 3, most: 1 });
      expect(strider?.mentionRate).toMatchObject({ value: null, numerator: 1, least: 1 / 3, most: 1 });
      expect(own?.interception).toMatchObject({ numerator: 1, least: 1 / 3, most: 1 });
      expect(early.body).toMatchObject({
        ...{ stage: 'completed', status: 'completed', progress: 100, is_completed: true },
        ...{ final: false, revision: 1, partial: true },
      });
      expect(early.body.results.map(({ model }) => model).sort()).toEqual(['broken', 'half', 'quick']);
      expect(early.progress).toMatchObject({
        is_synced: true,
        sync_check: { status: 'pending', results_count: 3, expected_count: 4, completion_verified: false },
      });
      expect(early.run.report.sources, 'a page is read early as well').toMatchObject([{ status: 'read', answers: 1 }]);

      scene.asked.release();
      const last = await reportAfter(node, runId, 1);
      await node.closed(runId);
      expect(last.report).toMatchObject({
        ...{ revision: 2, final: true, success: true, total: 4, completed: 3 },
        coverage: { whole: 3, partial: 0, failed: 1, pending: 0 },
      });
      expect(statusesOf(last.run.calls)).toEqual({ ...expected, slow: 'whole', half: 'whole' });
      expect(last.run.calls.find(({ model }) => model === 'half')?.response).toBe(ANSWER);
      expect(last.run.report.sources).toMatchObject([{ status: 'read', answers: 3 }]);
      expect(last.body).toMatchObject({ stage: 'completed', final: true, revision: 2 });
      // What was preliminary is gone, and each page and call has one row.
      expect(await itemsOf(node, runId, 'begun')).toEqual([]);
      expect(await itemsOf(node, runId, 'report')).toHaveLength(1);
      expect(await itemsOf(node, runId, 'source')).toHaveLength(1);
      expect(await itemsOf(node, runId, 'call')).toHaveLength(4);
    });

    it('is completed from its first report on, whoever looks when (B3, B6)', async () => {
      const scene = await earlyScene(mode, { quick: 'whole', slow: 'late' });
      const node = await scene.place.start([scene.module], SETTINGS);
      const runId = await begin(scene, node);
      const reader = readerOf(node);
      const seen: StatusBody[] = [];
      for (let isOver = false; !isOver; ) {
        await sleep(LOOK_MS);
        const body = statusBody(await reader.whole(await reader.look(runId)));
        if (body.revision === 1) scene.asked.release();
        seen.push(body);
        isOver = body.final;
      }
      seen.forEach((body, index) => {
        const before = seen[index - 1] ?? body;
        expect(statusBodySchema.strict().parse(body)).toEqual(body);
        expect(checkConsistency(body).issues).toEqual([]);
        expect(body.progress).toBeGreaterThanOrEqual(before.progress);
        expect(body.revision).toBeGreaterThanOrEqual(before.revision);
        expect(body.results.length).toBeGreaterThanOrEqual(before.results.length);
        if (before.stage === 'completed') expect(body.stage).toBe('completed');
      });
      const revisions = seen.map(({ revision, final }) => `${revision}${final ? ' final' : ''}`);
      expect([...new Set(revisions)]).toEqual(['0', '1', '2 final']);
    });

    it('stays completed when all of its calls fail later: the last report says that it is no success', async () => {
      const scene = await earlyScene(mode, { one: 'error_late', other: 'error_late' });
      const node = await scene.place.start([scene.module], SETTINGS);
      const runId = await begin(scene, node);
      const early = await reportAfter(node, runId, 0);
      expect(early.report).toMatchObject({ success: false, status: 'completed', final: false, completed: 0 });
      expect(early.report?.coverage).toEqual({ whole: 0, partial: 0, failed: 0, pending: 2 });
      expect(early.body).toMatchObject({ stage: 'completed', final: false, results: [] });
      scene.asked.release();
      await node.closed(runId);
      const last = await reportAfter(node, runId, 1);
      expect(last.report).toMatchObject({ success: false, status: 'failed', final: true });
      expect(last.body).toMatchObject({ stage: 'completed', progress: 100, error: null, final: true });
      expect(last.progress.sync_check.completion_verified).toBe(false);
      expect(last.record.end).toMatchObject({ finishReason: 'terminated' });
    });

    it('has one report, its last, where all calls have ended before', async () => {
      const scene = await earlyScene(mode, { quick: 'whole' });
      const node = await scene.place.start([scene.module], SETTINGS);
      const runId = await begin(scene, node);
      await node.closed(runId);
      expect(await itemsOf<ReportItem>(node, runId, 'report')).toMatchObject([{ revision: 1, final: true }]);
    });

    it('keeps its last report when an early one comes after it', async () => {
      const scene = await earlyScene(mode, { quick: 'whole', slow: 'late' });
      const early = holdFirst(scene.module, 'report');
      const node = await scene.place.start([scene.module], SETTINGS);
      const runId = await begin(scene, node);
      await early.reached;
      scene.asked.release();
      const last = await reportAfter(node, runId, 0);
      expect(last.report).toMatchObject({ revision: 2, final: true, coverage: { whole: 2 } });
      early.letGo();
      await node.closed(runId);
      // Whatever the late one does, it has done it when the node has stopped.
      await node.stop();
      const again = await scene.place.start([scene.module], SETTINGS);
      expect((await reportAfter(again, runId, 0)).report).toEqual(last.report);
      const all = await again.store.readItems({ runId, type: 'report', afterSeq: 0, limit: 10, withReplaced: true });
      expect(all, 'the early one was refused').toHaveLength(1);
    });

    it('goes on after a restart between its reports, and asks nothing again that was answered', async () => {
      const scene = await earlyScene(mode, { quick: 'whole', slow: 'late' });
      const first = await scene.place.start([scene.module], SETTINGS);
      const runId = await begin(scene, first);
      const early = await reportAfter(first, runId, 0);
      expect(early.report).toMatchObject({ final: false });
      await first.stop();

      const second = await scene.place.start([scene.module], SETTINGS);
      const again = await reportAfter(second, runId, 0);
      expect(again.report, 'the preliminary report stands').toEqual(early.report);
      scene.asked.release();
      await second.closed(runId);
      const last = await reportAfter(second, runId, 1);
      expect(last.report).toMatchObject({ final: true, coverage: { whole: 2 } });
      expect(scene.asked.calls.filter(({ model }) => model === 'quick-test')).toHaveLength(1);
    });
  });
}
