/**
 * Subjects and streams, spelled only here. A subject is `chain.<kind>.<scope>`, and `chain.<class>.<kind>.<scope>` for a run of the
 * high or the low class. The scope is the module for a message about a node and the platform for a task, so that a part of the
 * traffic can be subscribed to, counted and purged. A response also names its request, `chain.response.<module>.<request>`, so that
 * anybody can ask the stream whether it still waits there.
 */

import { CatenaError } from '../errors/catena-error.ts';
import { type ChainMessage, RECEIVER, type Stage, type SubjectKind } from './chain.ts';
import type { EventType } from './events.ts';
import { percentEncode } from './percent-encoding.ts';
import { PRIORITY_CLASSES, type PriorityClass, priorityClass } from './priority.ts';

/**
 * One stream per receiving stage and class of runs, so that each has its own backlog and its own limits: a stream is first in, first
 * out, so a message of a high class would wait behind all others in one that it shares.
 */
export interface StreamPlan {
  readonly name: string;
  readonly priorityClass: PriorityClass;
  readonly kinds: readonly SubjectKind[];
  /** Filters that cover all subjects of the kinds. */
  readonly subjects: readonly string[];
  readonly consumer: Stage;
}

export const STREAMS: readonly StreamPlan[] = PRIORITY_CLASSES.flatMap((of) => [
  stream('CHAIN_TASK', ['task', 'parser_task', 'error_task'], 'ingress', of),
  stream('CHAIN_REQUEST', ['request'], 'downloader', of),
  stream('CHAIN_RESPONSE', ['response'], 'parser', of),
  stream('CHAIN_ERROR', ['error'], 'error-threshold', of),
]);

/** Events are kept by age and size; readers do not consume them. */
export const EVENT_STREAM = { name: 'CHAIN_EVENT', subjects: ['chain.event.>'] } as const;

/** The subject of a message; a response's has one more token. `scope` is a module id, or for a task its platform. */
export function subjectOf(kind: SubjectKind, scope: string, of: PriorityClass = 'normal'): string {
  return `${prefixOf(kind, of)}.${token(scope)}`;
}

/** The subject of the response to a request. */
export function responseSubject(moduleId: string, requestId: string, of: PriorityClass = 'normal'): string {
  return `${subjectOf('response', moduleId, of)}.${token(requestId)}`;
}

/** The subject that a message is published on. */
export function subjectOfMessage(message: ChainMessage): string {
  return subjectIn(message, classOf(message));
}

/** The class of the run that a message is about. */
export function classOf(message: ChainMessage): PriorityClass {
  return priorityClass(message.kind === 'task' ? message.model.priority : message.model.task?.priority);
}

/**
 * Whether a message belongs on a subject. The forms of earlier releases, which knew no classes, are accepted too, so that messages
 * that waited during an upgrade are delivered.
 */
export function belongsOn(message: ChainMessage, subject: string): boolean {
  if (subjectOfMessage(message) === subject || subjectIn(message, 'normal') === subject) return true;
  return `chain.${message.kind}.${token(scopeOf(message), FORMERLY_RESERVED)}` === subject;
}

/** The filter for all subjects of a kind and a class. */
export function subjectFilter(kind: SubjectKind, of: PriorityClass = 'normal'): string {
  return `${prefixOf(kind, of)}.>`;
}

export function eventSubject(type: EventType): string {
  return `chain.event.${type}`;
}

/**
 * What processes tell each other, without a stream: `here` and `left` say who runs, `who` asks for it, `gone` names a process
 * that ended without a word, `failed` names nodes whose spans are to be exported.
 */
export function processSubject(word: 'here' | 'left' | 'gone' | 'who' | 'failed'): string {
  return `chain.process.${word}`;
}

/** Where a process answers as long as it is connected. */
export function processPingSubject(processId: string): string {
  return `chain.process.ping.${token(processId)}`;
}

/** The subjects of a kind as one, with names for what differs: for traces. */
export function subjectTemplate(subject: string): string {
  const kind = kindOfSubject(subject);
  if (kind === undefined) return subject;
  const [begin] = subject.split(`.${kind}.`);
  const scope = kind === 'task' ? '{platform}' : '{module}';
  return `${begin}.${kind}.${scope}${kind === 'response' ? '.{request}' : ''}`;
}

/** The scope in a message's subject. */
export function scopeOf(message: ChainMessage): string {
  return message.kind === 'task' ? message.model.platform : (message.model.context?.moduleId ?? '');
}

/** The kind in a subject; undefined for a subject that is not of a message. */
export function kindOfSubject(subject: string): SubjectKind | undefined {
  const [root, ...tokens] = subject.split('.');
  const [kind = '', ...scope] = tokens[0] === 'high' || tokens[0] === 'low' ? tokens.slice(1) : tokens;
  const longest = kind === 'response' ? 2 : 1;
  if (root !== 'chain' || scope.length === 0 || scope.length > longest || scope.includes('')) return undefined;
  return Object.hasOwn(RECEIVER, kind) ? (kind as SubjectKind) : undefined;
}

/**
 * Several deployments may share one broker: each has a namespace before all its subjects and stream names. The empty namespace
 * changes nothing.
 */
export interface Namespace {
  subject(subject: string): string;
  stream(name: string): string;
  /** The subject without its namespace; undefined for one of another namespace. */
  strip(subject: string): string | undefined;
}

/** Throws `bus.invalid_namespace` for a text that cannot be part of a subject and of a stream's name. */
export function namespaceOf(text: string): Namespace {
  if (text === '') return { subject: (subject) => subject, stream: (name) => name, strip: (subject) => subject };
  if (!/^[a-z0-9_-]{1,32}$/.test(text)) {
    throw new CatenaError('bus.invalid_namespace', `${JSON.stringify(text)} is not a valid namespace`, {
      data: { namespace: text },
      remedy: 'use up to 32 lower-case letters, digits, hyphens and underscores',
    });
  }
  const prefix = `${text}.`;
  return {
    subject: (subject) => prefix + subject,
    stream: (name) => `${text}_${name}`,
    strip: (subject) => (subject.startsWith(prefix) ? subject.slice(prefix.length) : undefined),
  };
}

/** A message with the number of its wake-up in the node's epoch. The number is not sent: receivers do not see it. */
export type Dispatched<M extends ChainMessage = ChainMessage> = M & { readonly dispatch?: number };

/** Identifies one wake-up of one node; the broker drops a second copy. */
export interface WakeUpName {
  readonly kind: SubjectKind;
  readonly nodeId: string;
  readonly epoch: number;
  /** Number of earlier notifications of the node in this epoch. */
  readonly dispatch: number;
}

/**
 * The id of a message. It contains the epoch because dispatches are counted per epoch, and the kind because one stream carries
 * several kinds. Otherwise a broker would drop the wake-up of a retry as a copy of the first one.
 */
export function messageId(wakeUp: WakeUpName): string {
  return `${wakeUp.kind}:${wakeUp.nodeId}:${wakeUp.epoch}:${wakeUp.dispatch}`;
}

function stream(base: string, kinds: readonly SubjectKind[], consumer: Stage, of: PriorityClass): StreamPlan {
  const name = of === 'normal' ? base : `${base}_${of.toUpperCase()}`;
  return { name, priorityClass: of, kinds, subjects: kinds.map((kind) => subjectFilter(kind, of)), consumer };
}

function subjectIn(message: ChainMessage, of: PriorityClass): string {
  if (message.kind === 'response') return responseSubject(scopeOf(message), message.model.requestId, of);
  return subjectOf(message.kind, scopeOf(message), of);
}

/** Subjects of the normal class are as they were before there were classes. */
function prefixOf(kind: SubjectKind, of: PriorityClass): string {
  return of === 'normal' ? `chain.${kind}` : `chain.${of}.${kind}`;
}

/**
 * All characters but ASCII letters, digits, `_` and `-`. Servers use more of them than they reserve: up to 2.11.1 a cluster
 * delivers a subject with `@` cut off at that character.
 */
const RESERVED = /[^A-Za-z0-9_-]/gu;

/** The characters that earlier releases encoded: separators, wildcards, white space and unprintable ones. */
const FORMERLY_RESERVED = /[%.*>\s\p{C}]/gu;

/** Encodes a text as one token of a subject; an empty text becomes `-`, because tokens must not be empty. */
function token(text: string, reserved = RESERVED): string {
  if (text === '') return '-';
  return text === '-' ? '%2D' : percentEncode(text, reserved);
}
