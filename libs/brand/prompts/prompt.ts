/** What a model is told beside the question. Reports name the prompt, since figures under different ones do not compare. */
import { PROMPT_EN_V1 } from './en-v1.ts';
import { PROMPT_ZH_V1 } from './zh-v1.ts';

export interface Prompt {
  /** Language and version; a changed text is a new version in a file of its own. */
  readonly id: string;
  readonly system: string;
}

export type PromptLanguage = 'zh' | 'en';

const LATEST: Readonly<Record<PromptLanguage, Prompt>> = { zh: PROMPT_ZH_V1, en: PROMPT_EN_V1 };

const CHINESE = /\p{Script=Han}/u;

/** The latest prompt of a language; without one, of the language in which the question is asked. */
export function promptFor(question: string, language?: PromptLanguage): Prompt {
  return LATEST[language ?? (CHINESE.test(question) ? 'zh' : 'en')];
}
