/** The data for every section of a page. */
import { brandsOf } from '../../module/input.ts';
import type { CallItem, MentionItem } from '../../module/items.ts';
import { isPreliminary } from '../../status/certainty.ts';
import { type Content, foreign, html, type Markup } from '../html.ts';
import { findingsByCall, languageOf, type ReportLanguage, type RunReport } from '../run-report.ts';
import { wordsOf } from '../words/languages.ts';
import type { Words } from '../words/words.ts';

export interface Scene {
  readonly run: RunReport;
  readonly words: Words;
  /** The brand that is diagnosed. */
  readonly main: string;
  readonly findings: ReadonlyMap<string, readonly MentionItem[]>;
}

export function sceneOf(run: RunReport, language: ReportLanguage = languageOf(run)): Scene {
  return {
    run,
    words: wordsOf(language),
    main: brandsOf(run.input)[0]?.name ?? '',
    findings: findingsByCall(run.mentions),
  };
}

/** What a kind of calls is called: in a preliminary report most partial answers go on. */
export function kindText({ words, run }: Pick<Scene, 'words' | 'run'>, status: CallItem['status']): string {
  return status === 'partial' && isPreliminary(run.report) ? words.soFar : words.status[status];
}

/** How far a call has come. */
export function statusText({ words }: Pick<Scene, 'words'>, { status, finish }: CallItem): string {
  // An answer without an end goes on.
  return status === 'partial' && finish === null ? words.soFar : words.status[status];
}

/** A brand's name, the diagnosed one in bold. */
export function brandName({ main }: Pick<Scene, 'main'>, brand: string): Markup {
  return brand === main ? html`<strong class="own">${foreign(brand)}</strong>` : foreign(brand);
}

/** A list in the style of the report's language. */
export function listed({ words }: Pick<Scene, 'words'>, things: readonly Content[]): Markup {
  return html`${things.map((thing, index) => html`${index > 0 && words.comma}${thing}`)}`;
}
