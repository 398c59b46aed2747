/** A diagnosis from the submission to its report, in one process, against a provider of the test. */
import { onTestFinished } from 'vitest';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import type { CallItem, SourceItem } from '../../libs/brand/module/items.ts';
import type { ProviderRegistry } from '../../libs/brand/module/provider-registry.ts';
import type { Report } from '../../libs/brand/module/report.ts';
import { toRunReport } from '../../libs/brand/report/run-report.ts';
import type { DeadLetter, RunEnd } from '../../libs/store/port.ts';
import { startNode } from '../fixtures/flow.ts';
import { startPages } from './pages.ts';
import { type Behaviour, type ProviderCall, startProvider, type TestProvider } from './provider.ts';

export const KEY = 'key-of-nobody-123456';

export interface Diagnosed {
  readonly end: RunEnd;
  readonly report: Report;
  readonly calls: readonly CallItem[];
  readonly sources: readonly SourceItem[];
  readonly mentions: number;
  readonly deadLetters: readonly DeadLetter[];
  readonly wallMs: number;
}

/** A provider that lives as long as the test. */
export async function provider(behave: (call: ProviderCall) => Behaviour): Promise<TestProvider> {
  const started = await startProvider(behave);
  onTestFinished(() => started.stop());
  return started;
}

export interface Asked {
  readonly registry: ProviderRegistry;
  readonly input: Readonly<Record<string, unknown>>;
  readonly deadlineMs?: number;
  readonly costCap?: number;
}

/** Runs a diagnosis of 海澜鞋业; what `input` leaves out is one question to one model. */
export async function diagnose({ registry, input, deadlineMs, costCap }: Asked): Promise<Diagnosed> {
  return (await diagnosesIn(registry)).run(input, deadlineMs, costCap);
}

export interface Diagnoses {
  run(input: Asked['input'], deadlineMs?: number, costCap?: number): Promise<Diagnosed>;
}

/** One process for several diagnoses, one after the other or at once. */
export async function diagnosesIn(registry: ProviderRegistry): Promise<Diagnoses> {
  const pages = await startPages('海澜鞋业 与 云步 的对比');
  onTestFinished(() => pages.stop());
  const module = defineDiagnosis({ registry: () => registry, pageUrl: pages.pageUrl });
  const node = startNode([module], { 'http.allowed_untrusted_targets': '127.0.0.1' });
  await node.store.putAccount({ account: 'acme', platform: 'web', login: { TEST_MODEL_KEY: KEY }, updatedAtMs: 1 });
  return { run: (input, deadlineMs, costCap) => diagnoseIn(node, module, { input, deadlineMs, costCap }) };
}

interface TaskOf {
  readonly input: Asked['input'];
  readonly deadlineMs: number | undefined;
  readonly costCap: number | undefined;
}

async function diagnoseIn(
  node: ReturnType<typeof startNode>,
  module: ReturnType<typeof defineDiagnosis>,
  { input, deadlineMs, costCap }: TaskOf,
): Promise<Diagnosed> {
  const startedMs = performance.now();
  const { runId } = await node.submit({
    modules: [module.id],
    input: { brand: '海澜鞋业', rivals: ['云步', 'Strider'], questions: ['推荐几款跑鞋'], models: ['qwen'], ...input },
    account: 'acme',
    platform: 'web',
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(costCap === undefined ? {} : { costCap }),
  });
  await node.closed(runId);
  const wallMs = performance.now() - startedMs;
  const run = await node.store.findRun(runId);
  const rows = await node.store.readItems({ runId, afterSeq: 0, limit: 100_000 });
  const of = <T>(type: string): T[] => rows.filter((row) => row.type === type).map((row) => JSON.parse(row.data) as T);
  return {
    end: run!.end!,
    get report() {
      return toRunReport(run!, rows).report;
    },
    calls: of<CallItem>('call'),
    sources: of<SourceItem>('source'),
    mentions: of('mention').length,
    deadLetters: await node.store.listDeadLetters(runId),
    wallMs,
  };
}
