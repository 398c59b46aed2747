/**
 * Makes a call: gives the author's function what it needs, and turns what it emits into chunks. It runs where the author's code
 * runs, in a worker or inline.
 */
import { CatenaError } from '../errors/catena-error.ts';
import type {
  AuthorLog,
  Emission,
  Emissions,
  ModuleDefinition,
  Page,
  StepCall,
} from '../modules/contract/definition.ts';
import { type Breathe, Collector, collect, type Emit } from './collect.ts';
import { readFailures, readItems, readPartials } from './join-readers.ts';
import { decodeHop } from './node-body.ts';
import { noteReading } from './note-reading.ts';
import { inputOf } from './opened-input.ts';
import { emittedSeed, requestSeed } from './seeds.ts';
import type { AuthorCall } from './served-module.ts';
import type { YieldLimits } from './yield-budget.ts';

export interface CallHost {
  readonly limits: YieldLimits;
  readonly emit: Emit;
  readonly log: AuthorLog;
  /** Called between two emissions, to let other calls go on. */
  readonly breathe?: Breathe | undefined;
  /** Whether nobody waits for the call any more: it ends at its next emission. */
  readonly isAbandoned?: (() => boolean) | undefined;
}

/** A call whose function emits items and hops. */
type EmittingCall = Exclude<AuthorCall, { readonly fn: 'request' }>;

/** Resolves when the function has ended and all its chunks are sent. Rejects with its failure. */
export async function runCall(module: ModuleDefinition, call: AuthorCall, host: CallHost): Promise<void> {
  const { state: received, depth = 0 } = decodeHop(call.node.body);
  const given = { ...(await argumentsOf(module, call, received)), log: host.log };
  const { emit, limits, breathe, isAbandoned } = host;
  const collector = new Collector({ emit, limits, function: call.fn, isAbandoned });
  let page: Page | undefined;
  const onPage = (opened: Page): void => {
    page = opened;
  };
  try {
    if (call.fn === 'request') {
      const specs = module.request(call.node.stepIdx, given);
      let ordinal = 0;
      const take = (spec: Parameters<typeof requestSeed>[3]): void => {
        const seed = requestSeed(call.run, module, call.node, spec, { ordinal, state: received, depth });
        ordinal += 1;
        if (spec.limits !== undefined) collector.addLimits(seed.limitKey!, spec.limits);
        collector.addSeed(seed);
      };
      await collect(specs, collector, take, breathe);
    } else {
      await collect(
        emissionsOf(module, call, given, onPage),
        collector,
        emissionTaker(module, call, collector, { log: host.log, depth }),
        breathe,
      );
    }
  } catch (thrown) {
    const wait = collector.flushCharge();
    if (wait !== undefined) await wait;
    throw thrown;
  }
  if (page !== undefined) noteReading(host.log, page);
  const wait = collector.flush();
  if (wait !== undefined) await wait;
}

/** The arguments of every function; the state as the step's schema transforms it. */
async function argumentsOf(module: ModuleDefinition, { fn, run, node, signal }: AuthorCall, received: unknown) {
  const step = fn === 'start' ? undefined : stepOf(module, node.stepIdx);
  const checked = step === undefined ? received : step.checkState(received);
  const state = checked instanceof Promise ? await checked : checked;
  const { account, platform, runId, acceptedAtMs, deadlineAtMs } = run;
  return { input: await inputOf(module, run), state, account, platform, runId, acceptedAtMs, deadlineAtMs, signal };
}

function stepOf(module: ModuleDefinition, stepIdx: number) {
  const step = module.steps[stepIdx];
  if (step !== undefined) return step;
  throw new CatenaError('module.unknown_step', `${module.id} has no step at position ${stepIdx}`, {
    data: { module: module.id, step: stepIdx },
    remedy: 'the run was started with another version of the module: serve that version, or start a new run',
  });
}

function emissionsOf(
  module: ModuleDefinition,
  call: EmittingCall,
  given: StepCall,
  onPage: (page: Page) => void,
): Emissions {
  const { stepIdx } = call.node;
  switch (call.fn) {
    case 'start':
      return module.start(given);
    case 'parse':
      return module.parse(stepIdx, { ...given, page: call.page, onPage });
    case 'givenUp':
      return module.givenUp?.(stepIdx, { ...given, error: call.error }) ?? [];
    case 'compute': {
      const { join } = call;
      return module.compute(stepIdx, {
        ...given,
        items: (type) => readItems(join, type),
        failures: () => readFailures(join),
        partials: () => readPartials(join),
        revision: call.node.revision,
        isEarly: call.node.isEarly,
      });
    }
  }
}

function emissionTaker(
  module: ModuleDefinition,
  call: AuthorCall,
  collector: Collector,
  { log, depth }: { readonly log: AuthorLog; readonly depth: number },
): (emission: Emission) => void {
  const { maxDepth } = call.run;
  // A page leads one level down; a hop that yields hops stays on its level.
  const next = maxDepth === undefined ? undefined : depth + (call.node.kind === 'request' ? 1 : 0);
  const isPreview = call.fn === 'parse' && call.preview === true;
  return (emission) => {
    switch (emission.kind) {
      case 'hop':
        if (isPreview) {
          const step = module.steps[emission.step]?.name ?? '';
          collector.addPreview({ step, state: JSON.stringify(emission.state), key: emission.key ?? '' });
          return;
        }
        if (next !== undefined && next > maxDepth!) collector.addTooDeep();
        else collector.addSeed(emittedSeed(call.run, module, emission, call.node, next));
        return;
      case 'fail':
        // A whole phase may not fail: the step is executed again on it.
        if (call.node.isEarly) {
          log.warn('a step that is executed early failed; it is executed again', { reason: emission.reason });
          return;
        }
        collector.addSeed(emittedSeed(call.run, module, emission, call.node));
        return;
      case 'item':
        collector.addItem(emission.type, JSON.stringify(emission.data));
        return;
      case 'drop':
        collector.addDrop(emission.reason, JSON.stringify(emission.data));
        return;
      case 'charge':
        collector.addCharge(emission.amount);
        return;
      case 'retry':
        throw new CatenaError('parse.retry', emission.reason, {
          class: 'retryable',
          ...(emission.afterMs === undefined ? {} : { retryAfterMs: emission.afterMs }),
        });
    }
  };
}
