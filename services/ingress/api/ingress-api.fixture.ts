/** Ingress over in-memory SQLite and a fake web; the test itself drives the stages. */

import type { CallContext } from 'nice-grpc';
import { expect } from 'vitest';
import { z } from 'zod';
import type { Message } from '../../../libs/contracts/chain.ts';
import { SubmitTaskRequest } from '../../../libs/contracts/services.ts';
import type { DueEntry } from '../../../libs/coordination/protocol/sweep.ts';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { createRunIds } from '../../../libs/keys/run-id.ts';
import type { ModuleDefinition } from '../../../libs/modules/contract/definition.ts';
import { defineModule } from '../../../libs/modules/index.ts';
import { toMessage } from '../../../libs/stage/messages/wake-ups.ts';
import { closeRun } from '../../../libs/stage/run/close-run.ts';
import { acceptTask } from '../../../libs/stage/run/submit.ts';
import { silentLog } from '../../../libs/telemetry/log.ts';
import { roomyMemory } from '../../../test/fixtures/roomy-memory.ts';
import { openStageBench, type StageBench } from '../../../test/fixtures/stage-bench.ts';
import { handle as processModule } from '../../module-processor/handle.ts';
import { createIngressApi, type IngressApiDeps } from '../rpc.ts';

/** Asks for as many pages as its input says; each line of a page is an item, and one that says `fail` throws. */
export const shop = defineModule({
  name: 'shop',
  version: '1.2.0',
  input: z.object({ pages: z.number().int().default(1), query: z.string().optional() }),
  steps: { page: z.object({ no: z.number() }) },
  items: { product: z.object({ sku: z.string() }), note: z.object({ sku: z.string() }) },
}).implement({
  *start({ go, input }) {
    for (let no = 0; no < input.pages; no++) yield go.page({ no });
  },
  steps: {
    page: {
      request: ({ state }) => `http://shop.test/${state.no}`,
      *parse({ text, put }) {
        for (const sku of text.split('\n')) {
          if (sku === 'fail') throw new TypeError('no price');
          yield sku.startsWith('#') ? put.note({ sku }) : put.product({ sku });
        }
      },
    },
  },
});

export type Api = ReturnType<typeof openApi>;

/** Opens Ingress for these modules, until the test ends. */
export function openApi(modules: readonly ModuleDefinition[] = [shop], changes: Partial<IngressApiDeps> = {}) {
  const bench = openStageBench(modules);
  const nextRunId = createRunIds(bench.clock);
  const unopened: string[] = [];
  const rung: Message<'parser_task' | 'request'>[] = [];
  const deps: IngressApiDeps = {
    store: bench.store,
    coordinator: bench.coordinator,
    budgets: bench.budgets,
    modules: bench.registry,
    submit: (task) => acceptTask({ store: bench.store, clock: bench.clock, nextRunId }, task),
    tasks: bench.tasks,
    cancelUnopened: async (runId) => void unopened.push(runId),
    limits: async () => [],
    bodyMemory: roomyMemory(),
    breakers: { list: async () => [] },
    publisher: { publish: async (_stage, messages) => void rung.push(...(messages as typeof rung)) },
    clock: bench.clock,
    log: silentLog,
    pollIntervalMs: 1,
    ...changes,
  };
  return { bench, deps, api: createIngressApi(deps), unopened, rung };
}

/** A call that lasts until the signal aborts. */
export function call(signal: AbortSignal = new AbortController().signal): CallContext {
  return { signal } as CallContext;
}

export function task(changes: Partial<SubmitTaskRequest> = {}): SubmitTaskRequest {
  return { ...SubmitTaskRequest.fromPartial({ modules: ['shop'], account: 'acme', platform: 'web' }), ...changes };
}

/** The code and the field paths of a refusal. */
export async function refusal(promise: Promise<unknown>): Promise<{ code: string; fields: string[] }> {
  const error = await promise.then(
    () => expect.fail('was not refused'),
    (thrown: unknown) => thrown as CatenaError,
  );
  expect(error).toBeInstanceOf(CatenaError);
  const issues = (error.data.issues ?? []) as readonly { readonly path: string }[];
  return { code: error.code, fields: issues.map(({ path }) => path) };
}

/** The refusal of a request with wrong fields. */
export function invalid(...fields: string[]): { code: string; fields: string[] } {
  return { code: 'api.invalid_argument', fields };
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Accepts a run; with `open` its module's start has been executed. */
export async function submitted({ api, bench }: Api, changes: Partial<SubmitTaskRequest> = {}, open = true) {
  const { run } = await api.submitTask(task(changes), call());
  const runId = run!.runId!;
  if (open) {
    await processModule(bench.moduleProcessor, { kind: 'start', run: await bench.runs.load(runId) });
    await drive(bench, 1);
  }
  return runId;
}

const HOUR_MS = 3_600_000;

/** Lets the stages work on due nodes, for so many rounds or until nothing is due. */
export async function drive(bench: StageBench, rounds = 100): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const entries = await bench.dueAfter(HOUR_MS);
    if (entries.length === 0) return;
    for (const entry of entries) await act(bench, entry);
  }
}

async function act(bench: StageBench, entry: DueEntry): Promise<void> {
  switch (entry.kind) {
    case 'notify':
      return execute(bench, entry.wakeUp);
    case 'drain':
      return void (await bench.coordinator.scopeDrain({ ...entry, limit: 100 }));
    case 'deadline':
      return void (await bench.coordinator.phaseClose(entry));
    case 'settle':
      return void (await closeRun(bench, entry.runId));
    case 'recover':
      return void (await bench.coordinator.recoverZombie({ node: entry.node, crashBudget: 3 }));
    case 'pump':
      return void (await bench.coordinator.childrenPump({ node: entry.node, wakeUps: 0 }));
  }
}

async function execute(bench: StageBench, wakeUp: Extract<DueEntry, { kind: 'notify' }>['wakeUp']): Promise<void> {
  const run = await bench.runs.load(wakeUp.node.runId);
  const message = toMessage(
    { ...wakeUp, kind: wakeUp.kind === 'error' ? 'error' : wakeUp.nodeKind === 'hop' ? 'parser_task' : 'request' },
    run,
  );
  if (message.kind === 'parser_task') await bench.generate(message);
  else if (message.kind === 'request') await bench.parse(await bench.download(message));
  else if (message.kind === 'error') await bench.decide(message);
}
