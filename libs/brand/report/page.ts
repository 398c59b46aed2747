/** The report as one self-contained page: no script, no font, and nothing loaded but, for a preliminary one, the page that replaces it. */
import type { Comparison } from './compare.ts';
import { html, type Markup, textOf } from './html.ts';
import type { ReportLanguage, RunReport } from './run-report.ts';
import { answers, branded } from './sections/answers.ts';
import { asked } from './sections/asked.ts';
import { sentiment, visibility, voice } from './sections/figures.ts';
import { headline } from './sections/headline.ts';
import { history } from './sections/history.ts';
import { note, section } from './sections/layout.ts';
import { discovered, interception, missing } from './sections/losses.ts';
import { ranks } from './sections/ranks.ts';
import { sceneOf } from './sections/scene.ts';
import { sources } from './sections/sources.ts';
import { STYLE } from './style.ts';

/** When a page is asked for again by itself, and where; default: the same file, which will have been replaced. */
export interface PageRefresh {
  readonly afterSeconds: number;
  readonly url: string | undefined;
}

/** Of a page that is a file: nobody tells it that another stands in its place. */
const FILE_REFRESH: PageRefresh = { afterSeconds: 10, url: undefined };

export interface PageOptions {
  /** Compares the run with earlier ones. */
  readonly past?: Comparison | undefined;
  /** Default: the run's. */
  readonly language?: ReportLanguage;
  /** Of a preliminary page. */
  readonly next?: PageRefresh;
}

export function reportPage(run: RunReport, { past, language, next = FILE_REFRESH }: PageOptions = {}): string {
  const scene = sceneOf(run, language);
  const { words } = scene;
  const { success, figures } = run.report;
  const hasBare = figures.bare.overall.coverage.answered.numerator > 0;
  const measured = hasBare
    ? [visibility(scene), ranks(scene), voice(scene), sentiment(scene), interception(scene)]
    : success && section('visibility', words.section.visibility, note(words.note.noBare));
  // Even if markup of an answer got into the page, the browser would neither run nor load anything.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  const page = html`<!doctype html>
<html lang="${words.lang}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">${
    !run.isLast && refresh(next)
  }<title>${words.title}: ${scene.main}</title>${STYLE}</head><body><main>${[
    headline(scene),
    measured,
    success && discovered(scene),
    success && branded(scene),
    success && sources(scene),
    missing(scene),
    history(scene, past),
    asked(scene),
    answers(scene),
  ]}</main></body></html>
`;
  return textOf(page);
}

/** Without a script, and so within the page's policy. */
function refresh({ afterSeconds, url }: PageRefresh): Markup {
  const target = url === undefined ? '' : `;url=${url}`;
  return html`<meta http-equiv="refresh" content="${afterSeconds}${target}">`;
}
