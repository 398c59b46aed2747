import type { ParseWork } from '../../libs/stage/execution/hand-over.ts';
import { StageRunner } from '../../libs/stage/execution/runner.ts';
import type { ParserDeps } from './deps.ts';
import { handle, handleLocal } from './handle.ts';

export type ParserRunner = StageRunner<'parser', ParseWork, void>;

/** The parser stage: turns responses into items and next hops. */
export function createParser(deps: ParserDeps): ParserRunner {
  const { config, bus, execution } = deps;
  return new StageRunner<'parser', ParseWork, void>({
    stage: 'parser',
    bus,
    publisher: execution.publisher,
    concurrency: config.parserConcurrency,
    admit: async (_, signal) => execution.solitude.opened(signal),
    handle: (message) => handle(deps, message),
    handleLocal: (work) => handleLocal(deps, work),
    retryDelayMs: config.backpressureRetryDelayMs,
    onError: (error) => execution.log.error('the parser could not handle a response', { error }),
  });
}
