/** `module.test()`: runs one step on given values, without network or engine. */
import { CatenaError } from '../../errors/catena-error.ts';
import type {
  Emissions,
  JoinedFailure,
  JoinedItem,
  JoinedPartial,
  ModuleDefinition,
  PageSource,
  RequestSpec,
  StepCall,
} from '../contract/definition.ts';

/** The arguments for any step; the typed forms are in test-call.ts. */
export interface AnyGiven {
  readonly input?: unknown;
  readonly state?: unknown;
  readonly account?: string;
  readonly platform?: string;
  readonly body?: string | Uint8Array;
  readonly json?: unknown;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly url?: string;
  readonly items?: readonly JoinedItem[];
  readonly failures?: readonly JoinedFailure[];
  readonly partials?: readonly JoinedPartial[];
  readonly isEarly?: boolean;
  readonly revision?: number;
}

interface AnyResult {
  readonly requests: RequestSpec[];
  readonly hops: { step: string; state: unknown; key?: string }[];
  readonly items: { type: string; data: unknown }[];
  readonly drops: { reason: string; data: unknown }[];
  retry?: { reason: string; afterMs?: number };
  charged?: number;
  failed?: string;
}

/** The limit for endless generators, which would hang the test. */
const MAX_EMISSIONS = 100_000;

/** Rejects with the CatenaError that a run would record for the step. */
export async function runTest(module: ModuleDefinition, stepName: string, given: AnyGiven = {}): Promise<AnyResult> {
  const input = await module.checkInput(given.input);
  const call = { ...caller(given), input, state: {} };
  const result: AnyResult = { requests: [], hops: [], items: [], drops: [] };
  if (stepName === 'start') return collect(module, result, module.start(call));
  const index = module.steps.findIndex(({ name }) => name === stepName);
  const step = module.steps[index];
  if (step === undefined) throw unknownStep(module, stepName);
  const stepCall = { ...call, state: await step.checkState(given.state ?? {}) };
  if (step.kind === 'compute') {
    return collect(module, result, module.compute(index, { ...stepCall, ...joinOf(given) }));
  }
  for await (const request of module.request(index, stepCall)) {
    result.requests.push(request);
    requireEnd(module, result.requests.length);
  }
  const page = pageOf(given, result.requests[0]);
  return page === undefined ? result : collect(module, result, module.parse(index, { ...stepCall, page }));
}

function caller({ account = 'test', platform = 'test' }: AnyGiven): Omit<StepCall, 'input' | 'state'> {
  return { account, platform, runId: 'test-run', signal: new AbortController().signal, log: console };
}

async function collect(module: ModuleDefinition, result: AnyResult, emissions: Emissions): Promise<AnyResult> {
  let count = 0;
  for await (const emission of emissions) {
    requireEnd(module, ++count);
    switch (emission.kind) {
      case 'hop': {
        const step = module.steps[emission.step]?.name ?? '';
        const { state, key } = emission;
        result.hops.push(key === undefined ? { step, state } : { step, state, key });
        break;
      }
      case 'item':
        result.items.push({ type: emission.type, data: emission.data });
        break;
      case 'drop':
        result.drops.push({ reason: emission.reason, data: emission.data });
        break;
      case 'fail':
        result.failed ??= emission.reason;
        break;
      case 'charge':
        result.charged = (result.charged ?? 0) + emission.amount;
        break;
      case 'retry': {
        const { reason, afterMs } = emission;
        const retry = afterMs === undefined ? { reason } : { reason, afterMs };
        const { requests, charged } = result;
        return { requests, hops: [], items: [], drops: [], retry, ...(charged === undefined ? {} : { charged }) };
      }
    }
  }
  return result;
}

function pageOf(given: AnyGiven, request: RequestSpec | undefined): PageSource | undefined {
  if (given.body === undefined && given.json === undefined && given.status === undefined) return undefined;
  const isJson = given.json !== undefined;
  const body = isJson ? JSON.stringify(given.json) : (given.body ?? '');
  const headers: Record<string, string> = { 'content-type': contentType(isJson, body) };
  for (const [name, value] of Object.entries(given.headers ?? {})) headers[name.toLowerCase()] = value;
  return {
    url: given.url ?? (request === undefined ? 'https://example.test/' : new URL(request.url).href),
    status: given.status ?? 200,
    headers,
    body: typeof body === 'string' ? Buffer.from(body) : body,
  };
}

/** Text gets a content type by its first character; bytes may be in any charset, so they get none. */
function contentType(isJson: boolean, body: string | Uint8Array): string {
  if (typeof body !== 'string') return 'text/html';
  return isJson || /^\s*[{[]/.test(body) ? 'application/json' : 'text/html; charset=utf-8';
}

function joinOf({ items = [], failures = [], partials = [], isEarly = false, revision }: AnyGiven) {
  return {
    isEarly,
    // What follows an early opening is another revision; by itself a test is the first opening.
    revision: revision ?? 1,
    partials: () => later(partials),
    items: (type?: string): AsyncIterable<JoinedItem> =>
      later(type === undefined ? items : items.filter((item) => item.type === type)),
    failures: () => later(failures),
  };
}

async function* later<T>(values: readonly T[]): AsyncGenerator<T, void> {
  yield* values;
}

function requireEnd(module: ModuleDefinition, count: number): void {
  if (count <= MAX_EMISSIONS) return;
  throw new CatenaError(
    'module.endless_step',
    `a step of ${module.id} yielded more than ${MAX_EMISSIONS} times in a test`,
  );
}

function unknownStep(module: ModuleDefinition, name: string): CatenaError {
  const known = ['start', ...module.steps.map((step) => step.name)];
  return new CatenaError('module.unknown_step', `module ${module.id} has no step "${name}" to test`, {
    data: { module: module.id, name, known },
    remedy: `there are ${known.join(', ')}`,
  });
}
