/** One question to one model and what came back, the same for every wire format. */
import type { DiagnosisError } from './diagnosis-error.ts';

export interface ModelCall {
  readonly prompt: string;
  readonly system?: string;
  /** Tokens of the answer at most. */
  readonly maxTokens?: number;
  readonly temperature?: number;
}

/** A request without its key: the key is added where the request is sent, and nowhere else. */
export interface ModelRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Why the model stopped. `length`: at the token limit. `filter`: the provider refused to go on. */
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
  /** The thinking that some models send apart from the text. */
  readonly reasoning: string;
  /** What the vendor's structured fields cite, each URL once. */
  readonly sources: readonly CitedSource[];
  readonly usage: Usage | null;
  /** Null when the answer ended before the model said that it had. */
  readonly finish: Finish | null;
  /** The model's id as the provider reports it; empty when it does not. */
  readonly model: string;
  /** Whether text is missing: it was cut off, or the token limit ended it. */
  readonly partial: boolean;
}

/** An answer, or what the provider sent in its place. */
export type ModelReply =
  | { readonly ok: true; readonly answer: ModelAnswer }
  | { readonly ok: false; readonly error: DiagnosisError };
