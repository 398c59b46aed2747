/** The test provider on loopback with the latency of real models; answers and times come from a seed. */
import { LLMock } from '@copilotkit/aimock';
import { providerSchema } from '../../libs/brand/codecs/provider.ts';
import { ProviderRegistry } from '../../libs/brand/module/provider-registry.ts';
import { makeAnswer } from './answers.ts';
import { drawLatencyMs, MODEL_LATENCY } from './latency.ts';
import { Random } from './random.ts';

export interface ModelsOptions {
  readonly questions: readonly string[];
  readonly seed: number;
  /** 1: the latency of real models. */
  readonly scale: number;
}

export interface Models {
  readonly registry: ProviderRegistry;
  readonly names: readonly string[];
  /** Calls that were answered or are being answered. */
  calls(): number;
  /** How long the slowest answer takes, whole, in milliseconds. */
  readonly slowestMs: number;
  /** How long all answers take, one after the other, in milliseconds. */
  readonly serialMs: number;
  stop(): Promise<void>;
}

const CHUNK_CHARS = 12;
/** The share of an answer's time that goes by before its first word. */
export const FIRST_WORD = 0.15;

export async function startModels({ questions, seed, scale }: ModelsOptions): Promise<Models> {
  const mock = new LLMock({ port: 0, host: '127.0.0.1' });
  const random = new Random(seed);
  const names = Object.keys(MODEL_LATENCY);
  const times: number[] = [];
  for (const question of questions) {
    for (const model of names) {
      const content = makeAnswer(question, random);
      const wholeMs = drawLatencyMs(MODEL_LATENCY[model] ?? { p50: 1, p90: 2 }, random) * scale;
      times.push(wholeMs);
      const chunks = Math.ceil(content.length / CHUNK_CHARS) + 1;
      const streamingProfile = {
        ttft: wholeMs * FIRST_WORD,
        tps: (1_000 * chunks) / (wholeMs * (1 - FIRST_WORD)),
      };
      mock.on(
        { userMessage: question, model: `${model}-test` },
        { content },
        { chunkSize: CHUNK_CHARS, streamingProfile },
      );
    }
  }
  await mock.start();
  return {
    registry: registryOf(`${mock.url}/v1`, names),
    names,
    calls: () => mock.getRequests().length,
    slowestMs: Math.max(...times),
    serialMs: times.reduce((sum, each) => sum + each, 0),
    stop: () => mock.stop(),
  };
}

/** A registry of models that speak the OpenAI format at one address; their key is `TEST_MODEL_KEY`. */
export function registryOf(baseUrl: string, names: readonly string[], more: Readonly<Record<string, unknown>> = {}) {
  const entries = names.map((name) => ({
    name,
    codec: 'openai-chat',
    baseUrl,
    model: `${name}-test`,
    keyReference: 'TEST_MODEL_KEY',
    limits: { requestsPerSecond: 1_000, concurrency: 100 },
    pricePerMillionTokens: { input: 2, output: 8 },
    ...more,
  }));
  return new ProviderRegistry(entries.map((entry) => providerSchema.parse(entry)));
}
