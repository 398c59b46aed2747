/** What a model is told beside the question. Reports name the prompt, since figures under different ones do not compare. */
import { PROMPT_EN_V1 } from './en-v1.ts';
import { PROMPT_ZH_V1 } from './zh-v1.ts';

export interface Prompt {
  /** With its version; a changed text is a new version in a file of its own. */
  readonly id: string;
  /** The instruction before the question; null: there is none, and the model gets the question alone. */
  readonly system: string | null;
}

/**
 * `bare`: the question, word for word, and nothing else, as a user would ask it. `list`: asks for a numbered list of brands with
 * addresses, which is easier to read, and shapes ranks and invites invented addresses; its figures stand apart.
 */
export const PROMPT_STYLES = ['bare', 'list'] as const;
export type PromptStyle = (typeof PROMPT_STYLES)[number];

export type PromptLanguage = 'zh' | 'en';

const BARE: Prompt = { id: 'bare-v1', system: null };
const LISTS: Readonly<Record<PromptLanguage, Prompt>> = { zh: PROMPT_ZH_V1, en: PROMPT_EN_V1 };
const ALL: readonly Prompt[] = [BARE, ...Object.values(LISTS)];

/** The language in which a question is asked. */
export function languageOfQuestion(question: string): PromptLanguage {
  return /\p{Script=Han}/u.test(question) ? 'zh' : 'en';
}

/** The latest prompt of a style, in a language where that makes a difference: default, that of the question. */
export function promptFor(question: string, { prompt, language }: PromptChoice): Prompt {
  if (prompt === 'bare') return BARE;
  return LISTS[language ?? languageOfQuestion(question)];
}

export interface PromptChoice {
  readonly prompt: PromptStyle;
  readonly language?: PromptLanguage | undefined;
}

/** A prompt as it is printed in reports, by the id in the rows of calls; an unknown id stands for itself. */
export function printedPrompt(id: string): string {
  const known = ALL.find((prompt) => prompt.id === id);
  if (known === undefined) return id;
  return known.system === null ? `${id}: the question alone, word for word` : `${id}: ${known.system}`;
}
