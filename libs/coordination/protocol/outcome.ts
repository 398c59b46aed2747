/** Common parts of transition outcomes: codes, wake-ups, kept responses. */
import type { NodeRef, NodeSeed } from './node.ts';

/** One of the numbers of a code table. */
export type CodeOf<Table> = Table[keyof Table];

/** The name of a code, for logs and metrics. */
export function codeName(table: Readonly<Record<string, number>>, code: number): string {
  for (const [name, value] of Object.entries(table)) if (value === code) return name;
  return String(code);
}

/** A node for which the caller sends a message. `kind` names the message's subject. */
export interface WakeUp {
  readonly kind: 'parser_task' | 'request' | 'error_task' | 'error';
  readonly node: NodeRef;
  readonly stepIdx: number;
  readonly prefixRequest: string;
  readonly epoch: number;
  /** Forms the message's id together with the node's id. */
  readonly dispatch: number;
  readonly attempts: number;
  readonly nodeKind: NodeSeed['kind'];
  readonly limitKey: string;
  /** The recorded failure as JSON: with `error` and `error_task`. */
  readonly error: string;
}

/** Transitions that may open a phase answer the wake-ups of its nodes. */
export interface WithWakeUps<Code> {
  readonly code: Code;
  readonly wakeUps: readonly WakeUp[];
}

/** A response that came before its node; the node exists now. */
export interface ReleasedResponse {
  readonly node: NodeRef;
  readonly response: string;
}
