/** The gRPC service of the parser: runs a step's parse on a given page. Nothing is stored or committed. */
import { encodeHop } from '../../libs/calls/node-body.ts';
import type { AuthorCall, CalledNode, CallSink, ModuleFacts, RunContext } from '../../libs/calls/served-module.ts';
import { type FieldIssue, rangeFault, readJson, requireNone, textFault } from '../../libs/contracts/request-check.ts';
import type { ParseRequest, ParseResponse, ParserServiceImplementation } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { toFailure } from '../../libs/errors/failure.ts';
import type { PageSource } from '../../libs/modules/contract/definition.ts';
import { toChainError } from '../../libs/stage/messages/chain-error.ts';
import { joinedHeadersInLowerCase } from '../../libs/stage/messages/response-headers.ts';
import type { ModuleCatalogue } from '../../libs/stage/run/describe-module.ts';

export interface ParserApiDeps {
  readonly modules: Pick<ModuleCatalogue, 'resolve'>;
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
  const { account, platform } = request;
  const run: RunContext = { ...OUTSIDE_A_RUN, account, platform, input: input.value };
  const node: CalledNode = { ...NO_NODE, stepIdx, body: encodeHop({ state: state.value }) };
  await module.checkInput(input.value);
  const response = nothing();
  try {
    const call: AuthorCall = { fn: 'parse', run, node, page: pageOf(request), preview: true, signal };
    await module.call(call, previewInto(response));
    return response;
  } catch (thrown) {
    if (!(thrown instanceof CatenaError) || thrown.code === 'module.wrong_state') throw thrown;
    return { ...nothing(), failure: toChainError(toFailure(thrown, 'parser')) };
  }
}

const OUTSIDE_A_RUN = { runId: 'no-run', acceptedAtMs: undefined, deadlineAtMs: undefined };
const NO_NODE = {
  id: '',
  kind: 'request',
  phase: 0,
  prefixRequest: '',
  epoch: 0,
  revision: 1,
  isEarly: false,
} as const;

/** Adds what the parse emits to the response. */
function previewInto(response: ParseResponse): CallSink {
  const { items, hops, drops } = response;
  return {
    take: (chunk) => {
      for (const { type, data } of chunk.items) items.push({ type, data: Buffer.from(data) });
      for (const { step, state, key } of chunk.hops) hops.push({ step, state: Buffer.from(state), key });
      for (const { reason, data } of chunk.drops) {
        drops.push({ reason, data: data === 'null' ? NO_DATA : Buffer.from(data) });
      }
      response.charged += chunk.charged ?? 0;
      return undefined;
    },
    restart: () => {
      for (const list of [items, hops, drops]) list.length = 0;
      response.charged = 0;
    },
  };
}

function urlFault(url: string): FieldIssue | undefined {
  return URL.canParse(url) ? undefined : { path: 'url', message: 'must be an absolute URL' };
}

function fetchStep(module: ModuleFacts, name: string): number {
  const stepIdx = module.steps.findIndex((step) => step.name === name && step.kind === 'fetch');
  if (stepIdx >= 0) return stepIdx;
  const known = module.steps.filter(({ kind }) => kind === 'fetch').map((step) => step.name);
  throw new CatenaError('module.unknown_step', `module ${module.id} has no fetch step "${name}"`, {
    data: { module: module.id, step: name, known },
    remedy: known.length === 0 ? 'the module has no steps' : `use one of ${known.join(', ')}`,
  });
}

function pageOf({ url, status, headers, body }: ParseRequest): PageSource {
  return { url, status: status === 0 ? 200 : status, headers: joinedHeadersInLowerCase(headers), body };
}

const NO_DATA = Buffer.alloc(0);

function nothing(): ParseResponse {
  return { items: [], hops: [], drops: [], failure: undefined, charged: 0 };
}
