/** Every answer, collapsed, with its evidence marked; and the questions that name the brand. */
import type { CallItem } from '../../module/items.ts';
import { callKey } from '../../module/plan.ts';

import { foreign, html, link, type Markup } from '../html.ts';
import { seconds } from '../numbers.ts';
import { renderedAnswer } from '../rendered-answer.ts';
import { sentimentTable } from './figures.ts';
import { note, section } from './layout.ts';
import { type Scene, statusText } from './scene.ts';

/** A page with more is slow to open; the files beside it have all of them. */
const MAX_ANSWERS = 1_000;

export function answers(scene: Scene): Markup {
  const { words, run } = scene;
  const shown = run.calls.slice(0, MAX_ANSWERS);
  const byQuestion = [...Map.groupBy(shown, ({ question }) => question)];
  return section('answers', words.section.answers, [
    note(words.note.answers),
    run.calls.length > MAX_ANSWERS && note(words.cut(MAX_ANSWERS, run.calls.length)),
    byQuestion.map(
      ([question, calls]) =>
        html`<h3>${foreign(question)}${calls[0]?.branded === true && html` <span class="badge">${words.branded}</span>`}</h3>${calls.map(
          (call) => answer(scene, call),
        )}`,
    ),
  ]);
}

/** The figures of the questions that name the brand; nothing when there are none. */
export function branded(scene: Scene): Markup | false {
  const { words, run } = scene;
  const { overall } = run.report.figures.branded;
  if (overall.coverage.calls === 0) return false;
  return section('branded', words.section.branded, [note(words.note.branded), sentimentTable(scene, overall.brands)]);
}

function answer(scene: Scene, call: CallItem): Markup {
  const { words, findings, main } = scene;
  const found = (findings.get(callKey(call.question, call.model, call.repeat)) ?? []).map(({ finding }) => finding);
  const own = found.find(({ brand }) => brand === main);
  const place =
    call.status === 'failed'
      ? (words.error[call.error?.error_type ?? 'unknown'] ?? words.status.failed)
      : call.status === 'pending' || own?.rank == null
        ? call.status === 'whole'
          ? words.absent
          : words.notHeard
        : words.rank(own.rank);
  const mood =
    own?.sentiment == null || call.status !== 'whole'
      ? null
      : html`<span class="key ${own.sentiment}">${words.figure[own.sentiment]}</span>`;
  return html`<details class="answer"><summary><span class="model">${foreign(call.model)}</span>${
    call.repeat > 1 && html` <small>${words.repeat(call.repeat)}</small>`
  } <span class="key ${call.status}">${statusText(scene, call)}</span> <span>${place}</span> ${mood} <small>${seconds(call.elapsed_ms)}</small></summary>${
    call.response === null
      ? html`<p class="said" dir="auto">${call.error?.error_message ?? words.noAnswer}</p>`
      : html`<div class="said" dir="auto">${renderedAnswer(call.response, found, main)}</div>`
  }${cited(scene, call)}</details>`;
}

function cited({ words }: Scene, { geo_data }: CallItem): Markup | false {
  if (geo_data === null || geo_data.cited_sources.length === 0) return false;
  const items = geo_data.cited_sources.map(
    ({ url, site_name }) => html`<li>${link(url)} <small>${foreign(site_name)}</small></li>`,
  );
  return html`<div class="cited"><small>${words.sources}</small><ul>${items}</ul></div>`;
}
