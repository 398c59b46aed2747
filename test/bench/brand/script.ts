/** What a model of the benchmark says to a question, how long it takes and what it costs: all from the seed. */
import { hash } from 'node:crypto';
import { makeAnswer } from '../../brand-flow/answers.ts';
import { drawLatencyMs, MODEL_LATENCY } from '../../brand-flow/latency.ts';
import { Random } from '../../brand-flow/random.ts';

export interface ScriptOptions {
  readonly seed: number;
  /** Of the latency of real models: 1 is theirs. */
  readonly scale: number;
  /** What answers speak of. */
  readonly brands: readonly string[];
  /** How long every answer takes, in milliseconds; default: as long as one of its model. */
  readonly wholeMs?: number;
}

export interface Asked {
  readonly model: string;
  readonly question: string;
  /** Equal calls that came before, and this one. */
  readonly nth: number;
}

export interface ScriptedAnswer {
  /** Stands in the text too, so that a stored answer can be found in the ledger. */
  readonly id: string;
  readonly text: string;
  /** From the request to the last word. */
  readonly wholeMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Of every model of the benchmark, per million tokens. */
export const PRICES = { input: 2, output: 8 } as const;

export const MODELS = Object.keys(MODEL_LATENCY);

/** The same question to the same model is answered in the same words and time, and each time under another id. */
export function scriptedAnswer(
  { seed, scale, brands, wholeMs: allMs }: ScriptOptions,
  { model, question, nth }: Asked,
): ScriptedAnswer {
  const digest = hash('sha256', JSON.stringify([seed, model, question]), 'hex');
  const random = new Random(Number.parseInt(digest.slice(0, 8), 16));
  const id = `${digest.slice(0, 12)}-${nth}`;
  const text = `${makeAnswer(question, random, brands)}\n\n（回答编号 ${id}）`;
  const drawnMs = scale * drawLatencyMs(MODEL_LATENCY[model] ?? { p50: 1, p90: 2 }, random);
  return { id, text, wholeMs: allMs ?? drawnMs, inputTokens: 40 + question.length, outputTokens: text.length };
}

/** The id of the answer that a text is; undefined when it was cut off before. */
export function answerIdIn(text: string): string | undefined {
  return /（回答编号 ([0-9a-f]{12}-\d+)）/.exec(text)?.[1];
}

/** In millionths of the currency of the prices. */
export function costMillionths({ inputTokens, outputTokens }: Pick<ScriptedAnswer, 'inputTokens' | 'outputTokens'>) {
  return inputTokens * PRICES.input + outputTokens * PRICES.output;
}
