/** The failed nodes of a run, as text for people. */

import { decodeHop } from '../../calls/node-body.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { FailureSeen } from '../../explain/failures.ts';
import { FAIL_STEP, START_STEP } from '../../modules/contract/definition.ts';
import { nodeFailure } from '../../stage/run/run-failures.ts';
import type { DeadLetter, RunRecord } from '../../store/port.ts';
import { countOf, oneLine } from '../terminal/format.ts';
import type { Paint } from '../terminal/io.ts';
import type { RunSource } from './run-source.ts';

export interface FailedNode extends FailureSeen {
  readonly step: string;
  readonly kind: ChainNode['kind'];
  /** `failed`, `crashed`, `deadline_exceeded`, `terminated`, `cancelled`. */
  readonly reason: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly crashes: number;
  /** `file:line:column` of the author's code, if the failure has one. */
  readonly at: string | undefined;
  /** Set for a request. */
  readonly url: string | undefined;
  readonly state: unknown;
  readonly nodeId: string;
}

/** The field of a submission with the names of its module's steps: the database has only their positions. */
export const STEPS_KEY = 'cli.steps';
/** The types of its items. */
export const ITEM_TYPES_KEY = 'cli.item_types';

export function namesIn(run: Pick<RunRecord, 'metadata'>, key: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(run.metadata[key] ?? '[]');
    return Array.isArray(names) ? names.map(String) : [];
  } catch {
    // A client of a server may have submitted any value here.
    return [];
  }
}

/** Hops that no step of the module declares. */
const OWN_STEPS: Readonly<Record<number, string>> = { [START_STEP]: 'start', [FAIL_STEP]: 'fail' };

/** The name of a step by its position, among the names of a module's steps. */
export function stepName(steps: readonly string[], stepIdx: number): string {
  return OWN_STEPS[stepIdx] ?? steps[stepIdx] ?? `step ${stepIdx}`;
}

/** All of them; for an unfinished run those so far. */
export async function readFailedNodes(source: Pick<RunSource, 'deadLetters'>, run: RunRecord): Promise<FailedNode[]> {
  const steps = namesIn(run, STEPS_KEY);
  const failed: FailedNode[] = [];
  for await (const letter of source.deadLetters(run)) failed.push(toFailedNode(letter, steps));
  return failed;
}

export function toFailedNode(letter: DeadLetter, steps: readonly string[]): FailedNode {
  const { kind, reason, attempts, crashes, stepIdx, nodeId } = letter;
  const { moduleId, code, message, at, url } = nodeFailure(letter);
  return {
    step: stepName(steps, stepIdx),
    ...{ kind, reason, moduleId, code, message, at, attempts, crashes, url, nodeId },
    state: decodeHop(letter.body).state,
  };
}

/** A failed node as text: its step or request, the reason, and its id for a replay. */
export function failedNodeText(node: FailedNode, paint: Paint): string {
  const { step, kind, reason, code, message, attempts, crashes, url, state, nodeId } = node;
  const tries = countOf(attempts, 'attempt') + (crashes > 0 ? `, ${countOf(crashes, 'crash', 'crashes')}` : '');
  const what = url === undefined ? '' : `    ${oneLine(url)}\n`;
  return (
    `${paint('red', reason)} ${step} (${kind}), ${tries}\n${what}` +
    `    state ${oneLine(JSON.stringify(state) ?? 'none', 500)}\n    ${code}: ${oneLine(message)}\n    node ${nodeId}\n`
  );
}
