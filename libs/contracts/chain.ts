/**
 * The stage table: which message kinds each stage takes and sends. It is the only wiring plan of the chain. The types of a
 * stage's messages are derived from it, so a stage that sends a wrong kind does not compile.
 *
 *     ingress → module-processor → request → downloader → response → parser
 *        ↑ parser_task ←─────────────────────────────────────────────┤
 *        └ error_task ←── error-threshold ←── error ←────────────────┘ (any stage fails)
 */
import { CatenaError } from '../errors/catena-error.ts';
import { ErrorTaskModel, ParserTaskModel, RequestModel, ResponseModel, TaskModel } from './messages.ts';

/** The model of each message kind. */
export interface ModelOf {
  readonly task: TaskModel;
  readonly parser_task: ParserTaskModel;
  /** A failed node that is executed again. */
  readonly error_task: ErrorTaskModel;
  readonly request: RequestModel;
  readonly response: ResponseModel;
  /** A failed node that waits for its decision. */
  readonly error: ErrorTaskModel;
}

/** The kind of a message; it names the message's subject. */
export type SubjectKind = keyof ModelOf;

/** A message of one of the given kinds, told apart by `kind`. */
export type Message<Kind extends SubjectKind> = {
  [K in Kind]: { readonly kind: K; readonly model: ModelOf[K] };
}[Kind];

export type ChainMessage = Message<SubjectKind>;

/** `module-processor` is called by ingress and takes no messages of its own; `sweeper` runs beside every stage. */
export const STAGES = {
  ingress: { receives: ['task', 'parser_task', 'error_task'], sends: ['error'] },
  'module-processor': { receives: [], sends: ['request', 'parser_task', 'response', 'error'] },
  downloader: { receives: ['request'], sends: ['response', 'error'] },
  parser: { receives: ['response'], sends: ['parser_task', 'request', 'response', 'error'] },
  'error-threshold': { receives: ['error'], sends: ['error_task', 'parser_task', 'request'] },
  sweeper: { receives: [], sends: ['task', 'parser_task', 'error_task', 'request', 'response', 'error'] },
} as const satisfies Readonly<Record<string, { receives: readonly SubjectKind[]; sends: readonly SubjectKind[] }>>;

export type Stage = keyof typeof STAGES;

/** The message kinds that a stage takes, and those that it may send. */
export type Receives<S extends Stage> = (typeof STAGES)[S]['receives'][number];
export type Sends<S extends Stage> = (typeof STAGES)[S]['sends'][number];

export type MessageTo<S extends Stage> = Message<Receives<S>>;
export type MessageFrom<S extends Stage> = Message<Sends<S>>;

/** The stage that takes a kind of message; each kind has exactly one. */
export const RECEIVER = {
  task: 'ingress',
  parser_task: 'ingress',
  error_task: 'ingress',
  request: 'downloader',
  response: 'parser',
  error: 'error-threshold',
} as const satisfies Readonly<Record<SubjectKind, Stage>>;

interface Codec<Model> {
  encode(model: Model): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Model;
}

const CODECS: { readonly [K in SubjectKind]: Codec<ModelOf[K]> } = {
  task: TaskModel,
  parser_task: ParserTaskModel,
  error_task: ErrorTaskModel,
  request: RequestModel,
  response: ResponseModel,
  error: ErrorTaskModel,
};

/** A message's model as protobuf bytes; its kind travels as the subject. Unknown fields of the model are kept. */
export function encodeMessage<K extends SubjectKind>(message: {
  readonly kind: K;
  readonly model: ModelOf[K];
}): Uint8Array {
  return CODECS[message.kind].encode(message.model).finish();
}

/** Decodes a message. Throws `contracts.undecodable` (fatal) for bytes that are not that model. */
export function decodeMessage<K extends SubjectKind>(kind: K, bytes: Uint8Array): Message<K> {
  try {
    return { kind, model: CODECS[kind].decode(bytes) } as Message<K>;
  } catch (thrown) {
    throw new CatenaError('contracts.undecodable', `${bytes.length} bytes are not a message of kind ${kind}`, {
      cause: thrown,
      data: { kind, sizeBytes: bytes.length },
      remedy: 'check that all publishers to the chain have a compatible version',
    });
  }
}
