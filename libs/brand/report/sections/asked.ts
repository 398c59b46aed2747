/** How the models were asked: everything that is needed to repeat it. */
import { printedPrompt } from '../../prompts/prompt.ts';
import { foreign, html, type Markup } from '../html.ts';
import { instant, NOTHING, seconds } from '../numbers.ts';
import type { RunReport } from '../run-report.ts';
import { note, section } from './layout.ts';
import { listed, type Scene } from './scene.ts';

export function asked(scene: Scene): Markup {
  const { words, run } = scene;
  const { report, input, calls } = run;
  const prompts = [...new Set(calls.map(({ prompt }) => prompt))];
  const branded = new Set(calls.filter((call) => call.branded).map(({ question }) => question));
  const tokens = calls.flatMap(({ usage }) => usage ?? []);
  const sum = (part: 'inputTokens' | 'outputTokens'): string =>
    tokens.reduce((total, usage) => total + (usage[part] ?? 0), 0).toLocaleString('en-US');
  const rows: readonly (readonly [string, Markup | string])[] = [
    [words.asked.run, run.runId],
    [words.asked.time, instant(run.acceptedAtMs)],
    [words.asked.elapsed, seconds(report.elapsed)],
    [words.asked.rivals, listed(scene, report.rivals.map(foreign))],
    [words.asked.models, listed(scene, report.models.map(foreign))],
    [
      words.asked.questions,
      html`<ol>${report.questions.map(
        (question) =>
          html`<li>${foreign(question)}${branded.has(question) && html` <span class="badge">${words.branded}</span>`}</li>`,
      )}</ol>`,
    ],
    [words.asked.repeats, String(input.repeats)],
    [
      words.asked.prompt,
      listed(
        scene,
        prompts.map((id) => foreign(printedPrompt(id))),
      ),
    ],
    [words.asked.calls, words.answers(report.completed, report.total)],
    [words.asked.plan, expected(scene)],
    [words.asked.cached, String(calls.filter(({ from_cache }) => from_cache).length)],
    [words.asked.tokens, tokens.length === 0 ? NOTHING : `${sum('inputTokens')} / ${sum('outputTokens')}`],
  ];
  return section(
    'asked',
    words.section.asked,
    html`${note(words.api)}<dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`,
  );
}

/** The forecast before the first call; reports of older versions have none. */
function expected({ words, run }: Scene): Markup | string {
  const { plan } = run.report as Partial<RunReport['report']>;
  if (plan === undefined) return NOTHING;
  const { calls, concurrency, expectedMs, availableMs, fits } = plan;
  const text = words.plan(calls, concurrency, seconds(expectedMs), seconds(availableMs));
  return fits ? text : html`${text} <span class="badge">${words.tooLong}</span>`;
}
