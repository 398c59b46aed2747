/** The gRPC service of the parser: runs a step's parse on a given page. Nothing is stored or committed. */
import { type FieldIssue, rangeFault, readJson, requireNone, textFault } from '../../libs/contracts/request-check.ts';
import type { ParseRequest, ParseResponse, ParserServiceImplementation } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { toFailure } from '../../libs/errors/failure.ts';
import type { Emission, ModuleDefinition, ParseCall } from '../../libs/modules/contract/definition.ts';
import { toChainError } from '../../libs/stage/messages/chain-error.ts';
import { joinedHeadersInLowerCase } from '../../libs/stage/messages/response-headers.ts';
import type { ModuleCatalogue } from '../../libs/stage/run/describe-module.ts';

export interface ParserApiDeps {
  readonly modules: Pick<ModuleCatalogue, 'resolve'>;
  /** A parse that yields more often than this is taken to be endless. */
  readonly maxYieldsPerParse: number;
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
    return await gathered(module, module.parse(stepIdx, call), deps.maxYieldsPerParse);
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
  maxYields: number,
): Promise<ParseResponse> {
  const response = nothing();
  let yields = 0;
  for await (const emission of emissions) {
    yields += 1;
    if (yields > maxYields) {
      throw new CatenaError('parse.too_many_yields', `the step yielded more than ${maxYields} times`, {
        remedy: 'end the generator, split the work over several hops, or raise max_yields_per_parse',
      });
    }
    take(module, emission, response);
  }
  return response;
}

function take(module: ModuleDefinition, emission: Emission, response: ParseResponse): void {
  const { items, hops, drops } = response;
  switch (emission.kind) {
    case 'charge':
      response.charged += emission.amount;
      return;
    case 'item':
      items.push({ type: emission.type, data: toJson(emission.data) });
      return;
    case 'hop': {
      const step = module.steps[emission.step]?.name ?? '';
      hops.push({ step, state: toJson(emission.state), key: emission.key ?? '' });
      return;
    }
    case 'drop':
      drops.push({ reason: emission.reason, data: emission.data == null ? NO_DATA : toJson(emission.data) });
      return;
    case 'retry': {
      const wait = emission.afterMs === undefined ? {} : { retryAfterMs: emission.afterMs };
      throw new CatenaError('parse.retry', emission.reason, { class: 'retryable', ...wait });
    }
  }
}

const NO_DATA = Buffer.alloc(0);

function toJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function nothing(): ParseResponse {
  return { items: [], hops: [], drops: [], failure: undefined, charged: 0 };
}
