/** One question to one model and its reply, the same for every wire format. */
import type { DiagnosisError } from './diagnosis-error.ts';

export interface ModelCall {
  readonly prompt: string;
  readonly system?: string;
  /** The most tokens of the answer. */
  readonly maxTokens?: number;
  readonly temperature?: number;
  /** What followed the question in the same call, in the format's own messages: {@link ModelAnswer.next} of earlier turns. */
  readonly turns?: readonly unknown[];
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
  /** The domain of the page, where `url` is a redirect of the provider. */
  readonly site?: string;
}

/** A part of a text: offsets in UTF-16 units, `end` excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A page that an answer cites. */
export interface CitedSource extends FoundPage {
  /** The number under which the answer cites it, from 1, or its place in the provider's list. */
  readonly position?: number;
  /** Where the text cites it: the supported parts, or the markers, as the provider gives them. */
  readonly spans?: readonly Span[];
}

export interface ModelAnswer {
  readonly text: string;
  /** The reasoning that some models send separately from the text. */
  readonly reasoning: string;
  /**
   * What the vendor's structured fields cite, each URL once. Where a vendor lists the pages of its search and the text has
   * markers such as `[2]`, only the marked ones; where the text has none, all that are listed.
   */
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
  /** Set if the model waits for another request of the same call: the messages to add to it. */
  readonly next?: readonly unknown[];
}

/** An answer, or an error; `answer` of an error is what came without text, and `waitMs` how long the provider asks to wait. */
export type ModelReply =
  | { readonly ok: true; readonly answer: ModelAnswer }
  | {
      readonly ok: false;
      readonly error: DiagnosisError;
      readonly answer?: ModelAnswer;
      readonly waitMs?: number | undefined;
    };

/** The answer of a call that took several requests: texts and findings one after the other, tokens added up. */
export function joinAnswers(earlier: ModelAnswer, later: ModelAnswer): ModelAnswer {
  const shift = earlier.text.length;
  const moved = later.sources.map(({ spans, ...source }): CitedSource => {
    if (spans === undefined) return source;
    return { ...source, spans: spans.map(({ start, end }) => ({ start: start + shift, end: end + shift })) };
  });
  const sources = [...earlier.sources];
  for (const source of moved) if (!sources.some(({ url }) => url === source.url)) sources.push(source);
  const isCited = (page: FoundPage): boolean => sources.some(({ url }) => url === page.url);
  const pages = new Map([...earlier.retrieved, ...later.retrieved].map((page) => [page.url, page]));
  return {
    ...later,
    text: earlier.text + later.text,
    reasoning: earlier.reasoning + later.reasoning,
    sources,
    retrieved: [...pages.values()].filter((page) => !isCited(page)),
    queries: [...new Set([...earlier.queries, ...later.queries])],
    usage: addUsage(earlier.usage, later.usage),
    model: later.model === '' ? earlier.model : later.model,
  };
}

/** The sum of two counts; unknown if a request was not counted. */
function addUsage(earlier: Usage | null, later: Usage | null): Usage | null {
  if (earlier === null || later === null) return null;
  const sum = (kind: keyof Usage): number | null => {
    const [a, b] = [earlier[kind], later[kind]];
    // A kind that one of them does not count is none of its tokens; input and output are counted by all.
    if (kind === 'inputTokens' || kind === 'outputTokens') return a === null || b === null ? null : a + b;
    return a === null ? b : a + (b ?? 0);
  };
  return {
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    reasoningTokens: sum('reasoningTokens'),
    cachedTokens: sum('cachedTokens'),
    searchCalls: sum('searchCalls'),
  };
}
