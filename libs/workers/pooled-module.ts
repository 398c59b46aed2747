/** A module that is served by workers. */
import type { AuthorCall, ModuleFacts, OpenedRun, RunContext, ServedModule } from '../calls/served-module.ts';
import type { UnknownField } from '../modules/check/unknown-fields.ts';
import type { PageSource } from '../modules/contract/definition.ts';
import { isTracing, noteOnSpan, type SpanFields } from '../telemetry/spans.ts';
import { type CallTimes, type PoolCall, subjectOf } from './pool-call.ts';
import type { CallOrder, GivenPage } from './protocol.ts';
import type { WorkerPool } from './worker-pool.ts';

/** The modules of a pool, each call bounded by these times unless its step sets its own. */
export function pooledModules(pool: WorkerPool, times: CallTimes): ServedModule[] {
  return pool.modules.map((facts) => pooledModule(pool, facts, times));
}

function pooledModule(pool: WorkerPool, facts: ModuleFacts, times: CallTimes): ServedModule {
  const { id: moduleId } = facts;
  const start = { moduleId, step: 'start' } as const;
  return {
    ...facts,
    checkInput: async (input) => {
      const order: CallOrder = { fn: 'checkInput', input };
      const unknown = await pool.call({ subject: { ...start, fn: 'checkInput' }, times, order: () => order }).done;
      return unknown as readonly UnknownField[];
    },
    openRun: async (run) => {
      const order = (handleOf: HandleOf): CallOrder => ({ fn: 'openRun', run: handleOf(run) });
      const subject = { ...start, fn: 'openRun', runId: run.runId } as const;
      return { concurrency: (await pool.call({ subject, times, order }).done) as OpenedRun['concurrency'] };
    },
    call: async (call, sink) => {
      const step = facts.steps[call.node.stepIdx];
      const subject = subjectOf(moduleId, step?.name ?? 'start', call);
      const order = (handleOf: HandleOf): CallOrder => toOrder(call, handleOf(call.run));
      const join = call.fn === 'compute' ? call.join : undefined;
      const own = { ...times, ...step?.policy.execution };
      const made = pool.call({ subject, times: own, order, sink, join, signal: call.signal });
      try {
        await made.done;
      } finally {
        if (isTracing()) noteOnSpan(traceFields(made));
      }
    },
  };
}

/** What the span of a stage says of a call that it made. */
function traceFields({ subject, took, ageMs, restarts }: PoolCall): SpanFields {
  const times = took === undefined ? { age_ms: Math.round(ageMs) } : { queued_ms: took.queuedMs, run_ms: took.runMs };
  return Object.fromEntries(
    Object.entries({ ...times, restarts }).map(([name, value]) => [`call.${subject.fn}.${name}`, value]),
  );
}

type HandleOf = (run: RunContext) => number;

function toOrder(call: AuthorCall, run: number): CallOrder {
  // Only what a call needs is sent: a node of the coordinator has more.
  const { id, kind, phase, stepIdx, prefixRequest, epoch, body, revision, isEarly } = call.node;
  const node = { id, kind, phase, stepIdx, prefixRequest, epoch, body, revision, isEarly };
  switch (call.fn) {
    case 'parse':
      return { fn: 'parse', run, node, page: givenPage(call.page), preview: call.preview === true };
    case 'givenUp':
      return { fn: 'givenUp', run, node, error: call.error };
    default:
      return { fn: call.fn, run, node };
  }
}

/** With a copy of the body, which is given to the worker: the call may have to be made again in another. */
function givenPage(page: PageSource): GivenPage {
  return { ...page, body: Uint8Array.from(page.body) };
}
