/** Prompt sets: named groups of questions in a file. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { CatenaError } from '../../errors/catena-error.ts';

const promptSet = z.strictObject({
  questions: z.array(z.string().trim().min(1)).min(1),
  /** The language of the prompt; default: each question's own. */
  language: z.enum(['zh', 'en']).optional(),
  /** How often each model is asked each question. */
  repeats: z.int().min(1).optional(),
});

const promptSets = z.strictObject({ sets: z.record(z.string().min(1), promptSet) });

export type PromptSet = Readonly<z.output<typeof promptSet>>;

/**
 * Reads a set from a file; `name` is optional if the file has only one. Throws `cli.bad_prompt_sets`, `cli.unknown_prompt_set` and
 * `cli.which_prompt_set`.
 */
export async function readPromptSet(path: string, name?: string): Promise<PromptSet> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    throw bad(path, thrown instanceof Error ? thrown.message : String(thrown));
  });
  return choosePromptSet(text, path, name);
}

/** As {@link readPromptSet}, for a file's text. */
export function choosePromptSet(text: string, path: string, name?: string): PromptSet {
  const sets = parseSets(text, path);
  const names = Object.keys(sets);
  if (name !== undefined) {
    const set = Object.hasOwn(sets, name) ? sets[name] : undefined;
    if (set !== undefined) return set;
    throw new CatenaError('cli.unknown_prompt_set', `${path} has no prompt set "${name}"`, {
      data: { path, sets: names },
      remedy: `there are ${names.join(', ')}`,
    });
  }
  const [only] = Object.values(sets);
  if (only === undefined) throw bad(path, 'the file has no sets');
  if (names.length === 1) return only;
  throw new CatenaError('cli.which_prompt_set', `${path} has several prompt sets: ${names.join(', ')}`, {
    data: { path, sets: names },
    remedy: 'choose one with --prompt-set',
  });
}

function parseSets(text: string, path: string): Readonly<Record<string, PromptSet>> {
  let value: unknown;
  try {
    value = parse(text);
  } catch (thrown) {
    throw bad(path, thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown));
  }
  const read = promptSets.safeParse(value);
  if (read.success) return read.data.sets;
  throw bad(path, read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}

function bad(path: string, problem: string): CatenaError {
  return new CatenaError('cli.bad_prompt_sets', `the prompt sets ${path} are wrong: ${problem}`, {
    data: { path },
    remedy:
      'write `sets:`, under it a name for each set, and under that `questions` and optionally `language` and `repeats`',
  });
}
