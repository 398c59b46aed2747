/** One question to one model and its reply, the same for every wire format. */
import type { DiagnosisError } from './diagnosis-error.ts';

export interface ModelCall {
  readonly prompt: string;
  readonly system?: string;
  /** The most tokens of the answer. */
  readonly maxTokens?: number;
  readonly temperature?: number;
}

/** A request without its key: the key is added only when the request is sent. */
export interface ModelRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * How an answer ended. `whole`: the model said that it had finished. `cut_off`: the token limit, the provider or the
 * connection ended it. `filtered`: the provider's filter broke it off. `refused`: the model declined to answer. `unknown`:
 * nothing says how, so text may be missing.
 */
export const FINISHES = ['whole', 'cut_off', 'filtered', 'refused', 'unknown'] as const;
export type Finish = (typeof FINISHES)[number];

/** What a provider counted; null: it did not say. */
export interface Usage {
  readonly inputTokens: number | null;
  /** With those of the reasoning. */
  readonly outputTokens: number | null;
  /** The part of the output that was reasoning. */
  readonly reasoningTokens: number | null;
  /** The part of the input that the provider had cached, which many sell for less. */
  readonly cachedTokens: number | null;
  /** How often the provider searched. */
  readonly searchCalls: number | null;
}

/** A page that a provider's search returned. */
export interface FoundPage {
  readonly url: string;
  readonly title?: string;
}

/** A page that an answer cites. */
export interface CitedSource extends FoundPage {
  /** The number under which the answer cites it, from 1, or its place in the provider's list. */
  readonly position?: number;
  /** The parts of the text that it supports: offsets in UTF-16 units, `end` excluded. */
  readonly spans?: readonly { readonly start: number; readonly end: number }[];
}

export interface ModelAnswer {
  readonly text: string;
  /** The reasoning that some models send separately from the text. */
  readonly reasoning: string;
  /** What the vendor's structured fields cite, each URL once. */
  readonly sources: readonly CitedSource[];
  /** Pages that the provider's search returned and that the answer does not cite. */
  readonly retrieved: readonly FoundPage[];
  /** What the provider searched for, in order, each query once. */
  readonly queries: readonly string[];
  readonly usage: Usage | null;
  readonly finish: Finish;
  /** The provider's own word for that; empty when it sent none. */
  readonly finishWord: string;
  /** The model's id as the provider reports it; empty when it does not. */
  readonly model: string;
}

/** An answer, or the provider's error. */
export type ModelReply =
  | { readonly ok: true; readonly answer: ModelAnswer }
  | { readonly ok: false; readonly error: DiagnosisError };
