/** The labelled answers: how they are read, and what the extractor makes of them in the labels' words. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Brand } from '../../libs/brand/extraction/brand.ts';

const SENTIMENT = z.enum(['positive', 'neutral', 'negative']).nullable();
const BRAND_LABEL = z.strictObject({
  mentioned: z.boolean(),
  list_rank: z.int().positive().nullable(),
  mention_rank: z.int().positive().nullable(),
  recommended: z.boolean().nullable(),
  sentiment: SENTIMENT,
});
const ANSWER = z.strictObject({
  id: z.string().min(1),
  lang: z.enum(['zh', 'en']),
  question: z.string(),
  branded: z.boolean(),
  brands: z.array(
    z.strictObject({ name: z.string(), aliases: z.array(z.string()), negative_contexts: z.array(z.string()) }),
  ),
  text: z.string(),
  citations: z.array(z.object({ url: z.string(), title: z.string().optional() })).default([]),
  expect: z.strictObject({
    brands: z.record(z.string(), BRAND_LABEL),
    urls: z.array(z.strictObject({ url: z.string(), grade: z.enum(['cited', 'linked', 'claimed']) })),
    named_sources: z.array(z.string()),
  }),
  note: z.string().default(''),
});

export type LabelledAnswer = z.output<typeof ANSWER>;
export type BrandLabel = z.output<typeof BRAND_LABEL>;
/** What is expected of an answer, and the form in which contestants give what they found. */
export type Labels = LabelledAnswer['expect'];

/** Reads a set; throws with the line that is not in the format. `sha256` is that of the file's bytes. */
export function readLabelled(path: string): { readonly answers: LabelledAnswer[]; readonly sha256: string } {
  const bytes = readFileSync(path);
  const lines = bytes.toString('utf8').split('\n');
  const answers = lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const parsed = ANSWER.safeParse(JSON.parse(line));
    if (!parsed.success) throw new Error(`${path}:${index + 1}: ${z.prettifyError(parsed.error)}`);
    for (const { name } of parsed.data.brands) {
      if (parsed.data.expect.brands[name] === undefined) throw new Error(`${path}:${index + 1}: ${name} has no label`);
    }
    return [parsed.data];
  });
  return { answers, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** The brands of an answer as the library takes them. */
export function brandsOf({ brands }: LabelledAnswer): Brand[] {
  return brands.map(({ name, aliases, negative_contexts }) => ({ name, aliases, negativeContexts: negative_contexts }));
}
