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

/** Why the model stopped. `length`: at the token limit. `filter`: the provider refused to continue. */
export type Finish = 'stop' | 'length' | 'filter' | 'other';

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface CitedSource {
  readonly url: string;
  readonly title?: string;
}

export interface ModelAnswer {
  readonly text: string;
  /** The reasoning that some models send separately from the text. */
  readonly reasoning: string;
  /** What the vendor's structured fields cite, each URL once. */
  readonly sources: readonly CitedSource[];
  readonly usage: Usage | null;
  /** Null if the answer ended before the model sent its end. */
  readonly finish: Finish | null;
  /** The model's id as the provider reports it; empty when it does not. */
  readonly model: string;
  /** Whether text is missing: it was cut off, or the token limit ended it. */
  readonly partial: boolean;
}

/** An answer, or the provider's error. */
export type ModelReply =
  | { readonly ok: true; readonly answer: ModelAnswer }
  | { readonly ok: false; readonly error: DiagnosisError };
