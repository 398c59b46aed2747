/**
 * Subjects and streams, and nowhere else one is spelled. A subject is `chain.<kind>.<scope>`: the scope is the module for
 * a message about a node and the platform for a task, so that one can listen to, count and purge a part of the traffic.
 */
import type { Stage, SubjectKind } from './chain.ts';
import type { EventType } from './events.ts';
import { percentEncode } from './percent-encoding.ts';

/** One stream per receiving stage, so that each stage has its own backlog and its own limits. */
export interface StreamPlan {
  readonly name: string;
  readonly kinds: readonly SubjectKind[];
  /** Filters that together cover every subject of the kinds. */
  readonly subjects: readonly string[];
  readonly consumer: Stage;
}

export const STREAMS: readonly StreamPlan[] = [
  stream('CHAIN_TASK', ['task', 'parser_task', 'error_task'], 'ingress'),
  stream('CHAIN_REQUEST', ['request'], 'downloader'),
  stream('CHAIN_RESPONSE', ['response'], 'parser'),
  stream('CHAIN_ERROR', ['error'], 'error-threshold'),
];

/** Events are kept by age and size, for whoever wants to read them; nobody consumes them off. */
export const EVENT_STREAM = { name: 'CHAIN_EVENT', subjects: ['chain.event.>'] } as const;

/** The subject of a message. `scope` is a module id, or for a task its platform. */
export function subjectOf(kind: SubjectKind, scope: string): string {
  return `chain.${kind}.${token(scope)}`;
}

/** Everything of a kind. */
export function subjectFilter(kind: SubjectKind): string {
  return `chain.${kind}.>`;
}

export function eventSubject(type: EventType): string {
  return `chain.event.${type}`;
}

/** Names one ringing of one node; a broker that has seen it drops the second copy. */
export interface Ringing {
  readonly kind: SubjectKind;
  readonly nodeId: string;
  readonly epoch: number;
  /** How often the node was rung before in this epoch. */
  readonly dispatch: number;
}

/**
 * The id of a message. The epoch is part of it because dispatches are counted per epoch, and the kind because one stream
 * carries several: without them a broker would take the bell of a retry for a copy of the first one.
 */
export function messageId(ringing: Ringing): string {
  return `${ringing.kind}:${ringing.nodeId}:${ringing.epoch}:${ringing.dispatch}`;
}

function stream(name: string, kinds: readonly SubjectKind[], consumer: Stage): StreamPlan {
  return { name, kinds, subjects: kinds.map(subjectFilter), consumer };
}

/** Separators, wildcards, white space and what is not printable. */
const RESERVED = /[%.*>\s\p{C}]/gu;

/** Text as one token of a subject; empty text, which no token may be, is `-`. */
function token(text: string): string {
  if (text === '') return '-';
  return text === '-' ? '%2D' : percentEncode(text, RESERVED);
}
