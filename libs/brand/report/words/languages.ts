import type { ReportLanguage } from '../run-report.ts';
import type { Words } from './words.ts';
import { WORDS_EN } from './words-en.ts';
import { WORDS_ZH } from './words-zh.ts';

const BY_LANGUAGE: Readonly<Record<ReportLanguage, Words>> = { zh: WORDS_ZH, en: WORDS_EN };

/** What a report says in this language. */
export function wordsOf(language: ReportLanguage): Words {
  return BY_LANGUAGE[language];
}
