/** What differs between providers beside the wire format: their errors, what to do about them, and their switches. */
import type { ErrorType } from '../diagnosis-error.ts';

/** The wire formats. */
export const CODEC_NAMES = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'dashscope-native',
  'perplexity',
  'gemini',
] as const;
export type CodecName = (typeof CODEC_NAMES)[number];

/** How much a model thinks before it answers. `off` and `on` switch; the others are degrees. */
export const THINKING = ['off', 'on', 'minimal', 'low', 'medium', 'high'] as const;
export type Thinking = (typeof THINKING)[number];

/** Fields of a request's body. Objects are merged into those that the codec writes. */
export type Fields = Readonly<Record<string, unknown>>;

/** Which errors are of a kind. All conditions that are given must hold. */
export interface ErrorRule {
  readonly type: ErrorType;
  readonly status?: number;
  /** Matches the code or the type of the error. */
  readonly word?: RegExp;
  readonly message?: RegExp;
}

export interface Vendor {
  /** The hosts of its API; a host of a subdomain is its own, too. */
  readonly hosts: readonly string[];
  /** The first rule that matches decides; what matches none is told by its status and its words. */
  readonly errors: readonly ErrorRule[];
  /** What to do, by the kind of the error. */
  readonly remedies: Readonly<Partial<Record<ErrorType, string>>>;
  /** The fields that ask for its web search. A format that is missing has none, or one that returns no sources. */
  readonly search: Readonly<Partial<Record<CodecName, Fields>>>;
  /** Why there is no search in the other formats, and what to do. */
  readonly noSearch: string;
  /** Whether its search returns its pages in whole bodies only. */
  readonly searchNeedsWholeBody?: boolean;
  /** The fields of each degree of thinking that it has; an absent degree is refused. */
  readonly thinking: (codec: CodecName) => Readonly<Partial<Record<Thinking, Fields>>>;
  /** The field of its tiers of service; undefined: it has none. */
  readonly serviceTierField?: string;
}
