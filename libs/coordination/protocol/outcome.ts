/** What the outcomes of transitions have in common: codes, wake-ups, responses that were kept. */
import type { NodeRef, NodeSeed } from './node.ts';

/** One of the numbers of a code table. */
export type CodeOf<Table> = Table[keyof Table];

/** The name of a code, for logs and metrics. */
export function codeName(table: Readonly<Record<string, number>>, code: number): string {
  for (const [name, value] of Object.entries(table)) if (value === code) return name;
  return String(code);
}

/** A node for which a message is to be sent. `kind` names the message's subject. */
export interface WakeUp {
  readonly kind: 'parser_task' | 'request' | 'error_task' | 'error';
  readonly node: NodeRef;
  readonly stepIdx: number;
  readonly prefixRequest: string;
  readonly epoch: number;
  /** With the node's id the message's id. */
  readonly dispatch: number;
  readonly attempts: number;
  readonly nodeKind: NodeSeed['kind'];
  readonly limitKey: string;
  /** The recorded failure as JSON: with `error` and `error_task`. */
  readonly error: string;
}

/** Transitions that may open a phase answer the wake-ups of what it holds. */
export interface WithWakeUps<Code> {
  readonly code: Code;
  readonly wakeUps: readonly WakeUp[];
}

/** A response that came before its node was known, and now has one. */
export interface ReleasedResponse {
  readonly node: NodeRef;
  readonly response: string;
}
