/** Answers that recommend other brands instead, and missing answers. */
import { statusesOf } from '../../figures/coverage.ts';
import type { CallItem } from '../../module/items.ts';
import { callKey } from '../../module/plan.ts';
import { stackedBar } from '../charts/interval-bar.ts';
import { foreign, html, type Markup } from '../html.ts';
import { rateTable } from './figures.ts';
import { note, section, table } from './layout.ts';
import { brandName, kindText, listed, type Scene, statusText } from './scene.ts';

export function interception(scene: Scene): Markup {
  const { words, run, findings, main } = scene;
  const rows = run.calls
    .filter((call) => !call.branded && call.geo_data?.interception === true)
    .map((call) => {
      const own = findings.get(callKey(call.question, call.model, call.repeat)) ?? [];
      const instead = own.filter(({ brand, finding }) => brand !== main && finding.recommended);
      return [
        foreign(call.question),
        foreign(call.model),
        listed(
          scene,
          instead.map(({ brand }) => brandName(scene, brand)),
        ),
      ];
    });
  const own = run.report.figures.bare.overall.brands.find(({ brand }) => brand === main);
  const isHeard = own === undefined || own.interception.unknown === 0;
  return section('interception', words.section.interception, [
    note(words.note.interception),
    rateTable(scene, 'interception', run.report.figures.bare.overall.brands),
    rows.length === 0
      ? note(isHeard ? words.note.noInterception : words.note.noInterceptionHeard)
      : table({ caption: words.figure.interception, head: [words.question, words.model, words.recommends], rows }),
  ]);
}

/** Brands that nobody listed, offered as rivals; nothing when there are none. */
export function discovered(scene: Scene): Markup | false {
  const { words, run } = scene;
  // Reports of older versions have none.
  const { discovered: found = [] } = run.report as Partial<Scene['run']['report']>;
  if (found.length === 0) return false;
  return section('discovered', words.discovered, [
    note(words.discoveredNote),
    table({
      caption: words.discovered,
      kind: 'bars',
      head: [words.brand, '', words.value, words.citedBy],
      rows: found.map(({ name, answers, of, models }) => [
        foreign(name),
        stackedBar([{ share: answers / of, tone: 'rival', label: `${answers}/${of}` }]),
        `${answers}/${of}`,
        listed(scene, models.map(foreign)),
      ]),
    }),
  ]);
}

/** Calls without an answer or with a partial one, and why. */
export function missing(scene: Scene): Markup {
  const { words, run } = scene;
  const short = run.calls.filter(({ status }) => status !== 'whole');
  return section('missing', words.section.missing, [
    coverage(scene),
    short.length === 0
      ? note(words.note.nothingMissing)
      : [note(words.note.missing), reasons(scene), each(scene, short)],
  ]);
}

function coverage(scene: Scene): Markup {
  const { words, run } = scene;
  const statuses = statusesOf(run.report.coverage);
  const byModel = Map.groupBy(run.calls, ({ model }) => model);
  return table({
    caption: words.coverage,
    kind: 'bars wide-bars',
    head: [
      words.model,
      statuses.map((status) => html`<span class="key ${status}">${kindText(scene, status)}</span>`),
      words.count,
    ],
    rows: run.report.models.map((model) => {
      const calls = byModel.get(model) ?? [];
      const count = (status: CallItem['status']): number => calls.filter((call) => call.status === status).length;
      const parts = statuses.map((status) => ({
        share: calls.length === 0 ? 0 : count(status) / calls.length,
        tone: status,
        label: `${kindText(scene, status)}: ${count(status)}`,
      }));
      return [foreign(model), stackedBar(parts), statuses.map((status) => String(count(status))).join(' / ')];
    }),
  });
}

function reasons({ words, run }: Scene): Markup | false {
  const failed = run.calls.flatMap(({ error }) => error ?? []);
  if (failed.length === 0) return false;
  const byType = [...Map.groupBy(failed, ({ error_type }) => error_type)].sort((a, b) => b[1].length - a[1].length);
  return table({
    caption: words.errorType,
    head: [words.errorType, words.count],
    rows: byType.map(([type, errors]) => [
      html`${words.error[type] ?? type} <small>${type}</small>`,
      String(errors.length),
    ]),
  });
}

const MAX_EACH = 200;

function each(scene: Scene, calls: readonly CallItem[]): Markup {
  const { words } = scene;
  return html`${table({
    caption: words.section.missing,
    head: [words.question, words.model, words.errorType, words.errorMessage],
    rows: calls.slice(0, MAX_EACH).map((call) => {
      const { question, model, repeat, status, error } = call;
      return [
        foreign(question),
        html`${foreign(model)}${repeat > 1 && html` <small>${words.repeat(repeat)}</small>`}`,
        html`<span class="key ${status}">${error === null ? statusText(scene, call) : (words.error[error.error_type] ?? error.error_type)}</span>`,
        error === null ? '' : html`<small>${foreign(error.error_message)}</small>`,
      ];
    }),
  })}${calls.length > MAX_EACH && note(words.cut(MAX_EACH, calls.length))}`;
}
