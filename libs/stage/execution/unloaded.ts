/** Nodes of runs that this process cannot execute: their module is not served here, or does not take its input any more. */
import type { Message } from '../../contracts/chain.ts';
import type { ClaimCommand } from '../../coordination/protocol/claims.ts';
import type { CatenaError } from '../../errors/catena-error.ts';
import type { MessageOrigin } from '../messages/bells.ts';
import { type LoadedRun, moduleOf, type Runs } from '../run/runs.ts';
import { claimNode, type ExecutionDeps, recordFailure } from './execution.ts';
import { isGroundFailure } from './failing.ts';

/** The run with its module, or why it cannot be executed here. Rejects when the store did not answer. */
export async function loadRunOf(
  runs: Runs,
  { runId, moduleId }: { readonly runId: string; readonly moduleId: string },
): Promise<LoadedRun | CatenaError> {
  try {
    const run = runs.kept(runId) ?? (await runs.load(runId));
    moduleOf(run, moduleId);
    return run;
  } catch (thrown) {
    if (isGroundFailure(thrown)) throw thrown;
    return thrown as CatenaError;
  }
}

/** How long a node is left alone whose module is not served here: it may be elsewhere, or soon. */
const ELSEWHERE_DELAY_MS = 5_000;

type Left = { readonly kind: 'retry'; readonly delayMs: number; readonly reason: string };

/** Where several processes share the work, what needs a module that this one does not serve is left to one that does. */
export function leftToOthers({ isShared }: Pick<ExecutionDeps, 'isShared'>, error: CatenaError): Left | undefined {
  if (!isShared || error.code !== 'module.unknown') return undefined;
  return { kind: 'retry', delayMs: ELSEWHERE_DELAY_MS, reason: error.code };
}

/** Records the failure of a node that was not even begun, if it may be claimed: it is never skipped. */
export async function failUnloaded(
  deps: ExecutionDeps,
  command: Pick<ClaimCommand, 'node' | 'epoch' | 'stage'>,
  origin: MessageOrigin,
  error: CatenaError,
  stage: string,
): Promise<
  | { readonly kind: 'fail'; readonly error: Message<'error'> }
  | { readonly kind: 'skip'; readonly reason: string }
  | Left
> {
  const left = leftToOthers(deps, error);
  if (left !== undefined) return left;
  const claimed = await claimNode(deps, command);
  if (claimed.kind === 'refused') return { kind: 'skip', reason: claimed.reason };
  return recordFailure(deps, origin, claimed.lease, error, stage);
}
