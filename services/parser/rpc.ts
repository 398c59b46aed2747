/** The gRPC service of the parser: runs a step's parse on a given page. Nothing is stored or committed. */
import { type FieldIssue, rangeFault, readJson, requireNone, textFault } from '../../libs/contracts/request-check.ts';
import type { ParseRequest, ParseResponse, ParserServiceImplementation } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { toFailure } from '../../libs/errors/failure.ts';
import type { Emission, ModuleDefinition, ParseCall } from '../../libs/modules/contract/definition.ts';
import { type StepYieldLimits, stepBudget, YieldCount } from '../../libs/stage/execution/yield-budget.ts';
import { toChainError } from '../../libs/stage/messages/chain-error.ts';
import { joinedHeadersInLowerCase } from '../../libs/stage/messages/response-headers.ts';
import type { ModuleCatalogue } from '../../libs/stage/run/describe-module.ts';

export interface ParserApiDeps {
  readonly modules: Pick<ModuleCatalogue, 'resolve'>;
  readonly limits: StepYieldLimits;
}

/** The implementation of the service. */
export function createParserApi(deps: ParserApiDeps): ParserServiceImplementation {
  return { parse: (request, { signal }) => parse(deps, request, signal) };
}

async function parse(deps: ParserApiDeps, request: ParseRequest, signal: AbortSignal): Promise<ParseResponse> {
  const input = readJson('input', request.input, {});
  const state = readJson('state', request.state, {});
  requireNone([
    textFault('module', request.module),
    textFault('step', request.step),
    textFault('url', request.url, 8_192) ?? urlFault(request.url),
    request.status === 0 ? undefined : rangeFault('status', request.status, 100, 599),
    input.fault,
    state.fault,
  ]);
  const module = deps.modules.resolve(request.module);
  const stepIdx = fetchStep(module, request.step);
  const call: ParseCall = {
    input: await module.checkInput(input.value),
    state: await module.steps[stepIdx]?.checkState(state.value),
    account: request.account,
    platform: request.platform,
    runId: 'no-run',
    page: pageOf(request),
    signal,
  };
  try {
    return await gathered(module, module.parse(stepIdx, call), new YieldCount(stepBudget(deps.limits)));
  } catch (thrown) {
    if (!(thrown instanceof CatenaError)) throw thrown;
    return { ...nothing(), failure: toChainError(toFailure(thrown, 'parser')) };
  }
}

function urlFault(url: string): FieldIssue | undefined {
  return URL.canParse(url) ? undefined : { path: 'url', message: 'must be an absolute URL' };
}

function fetchStep(module: ModuleDefinition, name: string): number {
  const stepIdx = module.steps.findIndex((step) => step.name === name && step.kind === 'fetch');
  if (stepIdx >= 0) return stepIdx;
  const known = module.steps.filter(({ kind }) => kind === 'fetch').map((step) => step.name);
  throw new CatenaError('module.unknown_step', `module ${module.id} has no fetch step "${name}"`, {
    data: { module: module.id, step: name, known },
    remedy: known.length === 0 ? 'the module has no steps' : `use one of ${known.join(', ')}`,
  });
}

function pageOf({ url, status, headers, body }: ParseRequest): ParseCall['page'] {
  return { url, status: status === 0 ? 200 : status, headers: joinedHeadersInLowerCase(headers), body };
}

async function gathered(
  module: ModuleDefinition,
  emissions: ReturnType<ModuleDefinition['parse']>,
  count: YieldCount,
): Promise<ParseResponse> {
  const response = nothing();
  for await (const emission of emissions) {
    count.addYield();
    const taken = take(module, emission, response);
    if (taken !== undefined) count.addChars(taken.length);
  }
  return response;
}

/** Adds an emission to the response; returns its JSON, if it has any. */
function take(module: ModuleDefinition, emission: Emission, response: ParseResponse): Buffer | undefined {
  const { items, hops, drops } = response;
  switch (emission.kind) {
    case 'charge':
      response.charged += emission.amount;
      return undefined;
    case 'item': {
      const data = toJson(emission.data);
      items.push({ type: emission.type, data });
      return data;
    }
    case 'hop': {
      const step = module.steps[emission.step]?.name ?? '';
      const state = toJson(emission.state);
      hops.push({ step, state, key: emission.key ?? '' });
      return state;
    }
    case 'drop': {
      const data = emission.data == null ? NO_DATA : toJson(emission.data);
      drops.push({ reason: emission.reason, data });
      return data;
    }
    case 'retry': {
      const wait = emission.afterMs === undefined ? {} : { retryAfterMs: emission.afterMs };
      throw new CatenaError('parse.retry', emission.reason, { class: 'retryable', ...wait });
    }
    case 'fail':
      return undefined;
  }
}

const NO_DATA = Buffer.alloc(0);

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function nothing(): ParseResponse {
  return { items: [], hops: [], drops: [], failure: undefined, charged: 0 };
}
