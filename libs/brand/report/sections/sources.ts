/** The sites and pages that the answers cite. */
import type { Figure } from '../../figures/figure.ts';
import type { SourceFigures } from '../../figures/source-figures.ts';
import { intervalBar, stackedBar } from '../charts/interval-bar.ts';
import { foreign, html, link, type Markup } from '../html.ts';
import { percent, valueText } from '../numbers.ts';
import { rateTable } from './figures.ts';
import { note, section, table } from './layout.ts';
import { brandName, listed, type Scene } from './scene.ts';

const OWNERS = ['owned', 'rival', 'third_party'] as const;
/** Classes of the style sheet. */
const TONES = { owned: 'by-us', rival: 'by-rival', third_party: 'by-others' } as const;
/** The most domains in the table; the JSON file has more. */
const MAX_DOMAINS = 30;

export function sources(scene: Scene): Markup {
  const { words, run } = scene;
  const { bare, branded } = run.report.figures;
  const tables = [bare.overall, branded.overall];
  const cited = tables.filter(({ sources: own }) => own.domains.length > 0);
  if (cited.length === 0) return section('sources', words.section.sources, note(words.note.noSources));
  return section('sources', words.section.sources, [
    note(words.note.sources),
    tables.map(({ sources: own }, index) => {
      const title = index === 0 ? words.bare : words.branded;
      return own.domains.length > 0 && html`<h3>${title}</h3>${shares(scene, own)}${domains(scene, own)}`;
    }),
    bare.overall.sources.domains.length > 0 && rateTable(scene, 'citationRate', bare.overall.brands),
    pages(scene),
  ]);
}

/** Whose the sites are, and of what kind. */
function shares({ words }: Scene, { byOwnership, byCategory }: SourceFigures): Markup {
  const owners = OWNERS.map((owner) => ({
    share: byOwnership[owner].value ?? 0,
    tone: TONES[owner],
    label: `${words.ownership[owner]} ${percent(byOwnership[owner].value)}`,
  }));
  return html`<div class="columns">${table({
    caption: words.owner,
    kind: 'bars',
    head: [words.owner, '', words.value],
    rows: owners.map((part, index) => {
      const owner = OWNERS[index] ?? 'third_party';
      return [
        html`<span class="key ${TONES[owner]}">${words.ownership[owner]}</span>`,
        stackedBar([part]),
        counted(byOwnership[owner]),
      ];
    }),
  })}${table({
    caption: words.categoryTitle,
    kind: 'bars',
    head: [words.categoryTitle, '', words.value],
    rows: byCategory.map(({ category, share }) => [
      words.category[category] ?? category,
      stackedBar([{ share: share.value ?? 0, tone: 'by-others', label: category }]),
      counted(share),
    ]),
  })}</div>`;
}

function domains(scene: Scene, { domains: all, moreDomains = 0 }: SourceFigures): Markup {
  const { words } = scene;
  return html`${table({
    caption: words.site,
    kind: 'bars',
    head: [words.site, '', words.value, words.categoryTitle, words.owner, words.citedBy],
    rows: all
      .slice(0, MAX_DOMAINS)
      .map(({ domain, siteName, category, ownership, answers, models }) => [
        html`${foreign(domain)}${siteName !== domain && html`<br><small>${foreign(siteName)}</small>`}`,
        intervalBar(answers, ownership === 'owned' ? 'own' : 'rival'),
        counted(answers),
        words.category[category] ?? category,
        html`<span class="key ${TONES[ownership]}">${words.ownership[ownership]}</span>`,
        listed(scene, models.map(foreign)),
      ]),
  })}${all.length > MAX_DOMAINS && note(words.cut(MAX_DOMAINS, all.length + moreDomains))}`;
}

function pages(scene: Scene): Markup | false {
  const { words, run } = scene;
  if (run.report.sources.length === 0) return false;
  return table({
    caption: words.page,
    head: [words.page, words.citingAnswers, words.pageNames],
    rows: run.report.sources.map(({ url, title, answers, status, brands, error }) => [
      html`${link(url, title || url)}${Boolean(title) && html`<br><small>${foreign(url)}</small>`}`,
      String(answers),
      status === 'read'
        ? html`${
            brands.length === 0
              ? words.nothing
              : listed(
                  scene,
                  brands.map((brand) => brandName(scene, brand)),
                )
          }`
        : html`<small>${words.unread} (${foreign(error ?? '')})</small>`,
    ]),
  });
}

function counted(figure: Figure): Markup {
  const { numerator, denominator } = figure;
  return html`<span class="value">${valueText(figure, 'share')}</span> <small>${numerator}/${denominator}</small>`;
}
