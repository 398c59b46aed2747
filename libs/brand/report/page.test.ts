import { load } from 'cheerio';
import { describe, expect, it } from 'vitest';
import { compareRuns } from './compare.ts';
import { reportPage } from './page.ts';
import { ACCEPTED_AT_MS, brandNames, reported } from './report.fixture.ts';

const HOSTILE = [
  '1. **Apex**: excellent <script>alert("x")</script> & "quoted" \'single\' `tick`',
  '2. **Bolt**: </style></div></details></body><img src=x onerror=alert(1)>',
  '3. **Crest**: \u202eevil\u202c שלום עולם 👩‍👩‍👧 <!-- --> ]]> {{secret:KEY}}',
  '\u0000\u001b[31m\ud800',
].join('\n');

const textOf = (page: ReturnType<typeof load>, selector: string): string => page(selector).text().replace(/\s+/g, ' ');

describe('the page of a report', () => {
  const run = reported();
  const page = load(reportPage(run));

  it('has a table behind every chart, each with a caption and headings', () => {
    for (const id of ['visibility', 'ranks', 'voice', 'sentiment', 'interception', 'missing']) {
      expect(page(`#${id} table caption`).length, id).toBeGreaterThan(0);
      expect(page(`#${id} table th[scope=row]`).length, id).toBeGreaterThan(0);
    }
    expect(page('svg:not([aria-hidden]):not([aria-label])')).toHaveLength(0);
    expect(page('html').attr('lang')).toBe('en');
  });

  it('needs nothing beside itself: no script, no address but those of sources', () => {
    expect(page('script, link, iframe, object, embed, img, form, base')).toHaveLength(0);
    expect(page('style').text()).not.toMatch(/url\(|@import/);
    expect(page('meta[http-equiv=Content-Security-Policy]').attr('content')).toContain("default-src 'none'");
  });

  it('says each figure with what was counted, its interval, and that it is thin', () => {
    const own = textOf(page, '#visibility table:first-of-type tr:contains(Apex) td:last-child');
    expect(own).toContain('100% 4/4');
    expect(own).toContain('51–100%');
    expect(textOf(page, '#visibility')).toContain('too thin to compare');
  });

  it('has a row per brand and a column per model in the matrix', () => {
    const matrix = page('#ranks table').first();
    expect(matrix.find('thead th').length).toBe(1 + 2 + 1);
    expect(matrix.find('tbody tr').length).toBe(brandNames(run).length);
    expect(matrix.find('tr:contains(Apex) td').first().attr('class')).toBe('rank-1');
    expect(matrix.find('tr:contains(Crest) td').first().text()).toContain('absent');
  });
});

describe('a hostile answer', () => {
  const run = reported({
    input: { brand: 'Apex', rivals: ['Bolt', 'Crest', '</title><script>alert(2)</script>'] },
    reply: () => HOSTILE,
    sources: [
      { url: 'javascript:alert(1)', answers: 1, status: 'read', title: '<b>x</b>', brands: [], error: null },
      { url: 'https://a.test/"><script>', answers: 1, status: 'failed', title: null, brands: [], error: '<i>' },
    ],
  });
  const markup = reportPage(run);
  const page = load(markup);

  it('puts no element into the page', () => {
    expect(page('script, img, iframe, b:contains("x"):not(.own):not(.rival)')).toHaveLength(0);
    expect(page('style')).toHaveLength(1);
    expect(page('body > main')).toHaveLength(1);
    expect(markup).not.toMatch(/<script|<img|onerror=alert\(1\)>/i);
    expect(
      page('*').filter((_, element) => Object.keys(page(element).attr() ?? {}).some((name) => /^on/i.test(name))),
    ).toHaveLength(0);
  });

  it('is shown as it was said, apart from what no page can hold', () => {
    const shown = page('#answers .said').first().text();
    // Bold signs and line ends are shown as what they mean; nothing else is missing or added.
    const said = HOSTILE.toWellFormed().replace(/[^\P{Cc}\n]/gu, '\ufffd');
    expect(shown).toBe(said.replaceAll('**', '').replaceAll('\n', ''));
  });

  it('leads nowhere by what is no address of the web', () => {
    for (const element of page('a').toArray()) expect(page(element).attr('href')).toMatch(/^https?:\/\//);
  });

  it('turns no text around it: each piece of it is isolated', () => {
    const turning = page('body *')
      .contents()
      .filter((_, node) => node.type === 'text' && /[\u202a-\u202e\u0590-\u05ff]/.test(node.data));
    expect(turning.length).toBeGreaterThan(3);
    for (const node of turning.toArray()) expect(page(node).closest('bdi, [dir=auto]')).toHaveLength(1);
  });
});

describe('evidence', () => {
  it('is marked where it stands, with every mention in it', () => {
    const page = load(reportPage(reported({ reply: () => 'Hello. I recommend Apex, not Bolt. Apex lasts.' })));
    const first = page('#answers .said').first();
    expect(first.find('mark').text()).toBe('I recommend Apex, not Bolt.');
    expect(
      first
        .find('b.own')
        .map((_, element) => page(element).text())
        .get(),
    ).toEqual(['Apex', 'Apex']);
    expect(first.find('b.rival').text()).toBe('Bolt');
  });
});

describe('what is missing', () => {
  const run = reported({
    input: { brand: 'Apex', rivals: ['Bolt'], models: ['qwen', 'zhipu', 'doubao'] },
    reply: (question, model) => {
      if (model === 'qwen') return { error: 'rate_limit', says: 'slow <down>' };
      if (model === 'doubao') return { cut: '1. **Bolt**: good.\n' };
      return question.includes('last') ? { error: 'deadline_exceeded' } : '1. **Bolt**: I recommend it.\n';
    },
  });
  const page = load(reportPage(run));

  it('is counted per model and told with its reason', () => {
    const rows = page('#missing table').first().find('tbody tr');
    expect(rows.map((_, row) => page(row).find('td').last().text()).get()).toEqual([
      '0 / 0 / 2',
      '1 / 0 / 1',
      '0 / 2 / 0',
    ]);
    expect(textOf(page, '#missing')).toContain('too many requests');
    expect(textOf(page, '#missing')).toContain('slow <down>');
    expect(textOf(page, '#missing')).toContain('deadline came first');
  });

  it('is no zero: a model without an answer has no rank, and no bar stands for nothing', () => {
    const cells = page('#ranks table').first().find('tr:contains(Apex) td');
    expect(cells.eq(0).text()).toContain('no answer');
    expect(cells.eq(0).attr('class')).toBe('void');
    expect(cells.eq(1).attr('class')).toBe('absent');
    // Two answers were cut off before they named it: they may have praised it, or blamed it, or neither.
    const unheard = page('#sentiment tr:contains(Apex)');
    expect(unheard.text()).toContain('−1.00 … +1.00');
    expect(unheard.find('rect.fill')).toHaveLength(0);
    expect(unheard.find('rect.maybe')).toHaveLength(1);
    expect(cells.eq(2).text()).toContain('not heard');
  });

  it('of all calls leaves a page that says so', () => {
    const failed = load(reportPage(reported({ reply: () => ({ error: 'invalid_key' }) })));
    expect(textOf(failed, 'header')).toContain('No call was answered');
    expect(failed('#visibility, #ranks, #voice')).toHaveLength(0);
    expect(textOf(failed, '#missing')).toContain('key refused');
  });
});

describe('the top of the page', () => {
  const many = { questions: Array.from({ length: 8 }, (_, index) => `Which shoes, number ${index}?`) };

  it('says how the brand stands, how sure that is and what to do first', () => {
    const page = load(reportPage(reported({ input: many, reply: () => '1. **Bolt**: fine.\n2. **Crest**: fine.\n' })));
    expect(page('.banner')).toHaveLength(0);
    expect(textOf(page, '.lead')).toBe(
      'Apex is named in 0% of 16 answers to questions that do not name it. By score it holds place 3 of 3.',
    );
    expect(textOf(page, '.sure')).toContain('95% confidence');
    expect(textOf(page, '.advice li:first-of-type')).toContain('Make Apex known');
    expect(page('.standings tbody tr')).toHaveLength(3);
    expect(textOf(page, '.standings tbody tr:first-of-type')).toMatch(/Bolt.*1/);
  });

  it('begins with what was not heard, and claims no order then (R1)', () => {
    const reply = (_question: string, model: string) =>
      model === 'zhipu' ? { cut: 'It depends. ' } : '1. **Apex**\n2. **Bolt**\n';
    const page = load(reportPage(reported({ input: many, reply })));
    expect(page('main').children().first().attr('class')).toBe('banner urgent');
    expect(textOf(page, '.banner')).toContain('8 of 16 answers are whole; 8 were cut off');
    expect(textOf(page, '.lead')).toContain('Apex is named in 50–100% of 16 answers');
    expect(textOf(page, '.lead')).toContain('no order is claimed');
    expect(textOf(page, '.cards'), 'half an answer is none that is whole').toContain('Whole answers8/16');
    expect(page('.standings rect.maybe').length).toBeGreaterThan(0);
    expect(textOf(page, '.advice li:first-of-type')).toContain('before drawing conclusions');
  });

  it('offers brands that nobody listed', () => {
    const page = load(reportPage(reported({ input: many, reply: () => '1. **Apex**: fine.\n2. **Zenith**: fine.\n' })));
    expect(textOf(page, '#discovered tr:contains(Zenith)')).toContain('16/16');
  });

  it('warns of a name that is an ordinary word (R9)', () => {
    const page = load(reportPage(reported({ input: { ...many, rivals: ['On'] } })));
    expect(textOf(page, '.summary .warning')).toContain('On');
  });
});

describe('an answer', () => {
  it('is rendered: headings, lists, tables and bold text instead of their signs', () => {
    const text =
      '## Picks\n\n- **Apex**: good\n  - light\n\n| Brand | Why |\n|---|---|\n| Bolt | cheap |\n\nSee [test](https://a.test/x).';
    const page = load(reportPage(reported({ reply: () => text })));
    const said = page('#answers .said').first();
    expect(said.find('.said-heading').text()).toBe('Picks');
    expect(said.find('.said-item').first().find('strong').text()).toBe('Apex');
    expect(said.find('.said-item.depth-1').text()).toBe('light');
    expect(said.find('.said-row').last().find('span:contains(Bolt)').length).toBe(1);
    expect(said.text()).not.toMatch(/\*\*|##|\|/);
    expect(said.text()).toContain('https://a.test/x');
  });
});

describe('questions that name the brand', () => {
  it('stand apart, and are no part of visibility', () => {
    const questions = ['Which shoes are good?', 'Is Apex good?'];
    const page = load(reportPage(reported({ input: { questions } })));
    expect(textOf(page, '#branded')).toContain('Apex');
    expect(textOf(page, '#visibility tr:contains(Apex)')).toContain('2/2');
    expect(page('#ranks table').last().find('tbody tr')).toHaveLength(1);
  });

  it('alone leave nothing to say of visibility', () => {
    const page = load(reportPage(reported({ input: { questions: ['Is Apex good?'] } })));
    expect(textOf(page, '#visibility')).toContain('nothing can be said');
    expect(page('#branded table').length).toBeGreaterThan(0);
  });
});

describe('the language of a page', () => {
  it('is that of its run', () => {
    const chinese = load(reportPage(reported({ input: { questions: ['哪个牌子的跑鞋好？'] } })));
    expect(chinese('html').attr('lang')).toBe('zh-CN');
    expect(textOf(chinese, '#visibility h2')).toBe('可见度');
    expect(load(reportPage(reported({ input: { language: 'zh' } })))('html').attr('lang')).toBe('zh-CN');
  });
});

describe('a preliminary report', () => {
  const soFar = 'I recommend:\n\n1. **Bolt**: fine';
  const reply = (question: string, model: string) => {
    if (model === 'qwen') return 'I recommend **Apex**.';
    return { soFar: question.includes('last') ? soFar : null };
  };
  const run = reported({ reply, isFinal: false });
  const page = load(reportPage(run));

  it('says so above everything, and how far the calls have come', () => {
    const banner = page('main > :first-child');
    expect(banner.is('.banner.urgent')).toBe(true);
    expect(banner.text()).toMatch(
      /^Preliminary: 2 of 4 answers are whole, 1 are read as far .* 1 have said nothing yet/,
    );
    expect(textOf(page, '.advice')).toContain('Wait for the final report');
    expect(textOf(page, '#missing table')).toContain('nothing said yet');
    expect(textOf(page, '#answers')).toContain('the text so far');
    expect(textOf(page, '.cards')).not.toContain('cut off');
  });

  it('counts what was not heard yet as unknown, and calls nobody absent', () => {
    const [own] = run.report.figures.bare.overall.brands;
    expect(own?.mentionRate).toMatchObject({ value: null, numerator: 2, denominator: 4, least: 0.5, most: 1 });
    expect(textOf(page, '#answers')).not.toContain('absent');
    expect(textOf(page, '#answers').match(/not heard/g)).toHaveLength(2);
  });

  it('is asked for again by itself, without a script: as a file after ten seconds, or where its server says', () => {
    expect(page('meta[http-equiv=refresh]').attr('content')).toBe('10');
    const served = load(reportPage(run, { next: { afterSeconds: 1, url: '?revision=1&wait=25' } }));
    expect(served('meta[http-equiv=refresh]').attr('content')).toBe('1;url=?revision=1&wait=25');
    expect(page('script').length).toBe(0);
    expect(load(reportPage(reported()))('meta[http-equiv=refresh]').length).toBe(0);
  });

  it('that no other will replace says so, and is not asked for again', () => {
    const ended = load(reportPage({ ...run, isLast: true }));
    expect(textOf(ended, '.banner')).toMatch(/^The run ended before its final report/);
    expect(ended('meta[http-equiv=refresh]').length).toBe(0);
    expect(textOf(ended, '.advice')).not.toContain('Wait for');
  });

  it('in which nobody has said anything has no figures, and does not say that the calls failed', () => {
    const silent = load(reportPage(reported({ reply: () => ({ soFar: null }), isFinal: false })));
    expect(textOf(silent, 'header')).toContain('No call has said anything yet');
    expect(silent('#visibility').length).toBe(0);
  });
});

describe('the history', () => {
  const past = reported({
    runId: 'run-0',
    acceptedAtMs: ACCEPTED_AT_MS - 86_400_000,
    reply: () => '1. **Bolt**: good.\n',
  });
  const run = reported();
  const page = load(reportPage(run, { past: compareRuns([past, run]) }));

  it('is drawn with a table behind it', () => {
    expect(page('#history svg.lines').length).toBeGreaterThan(3);
    expect(page('#history table tbody tr').length).toBe(3 * 9);
    expect(page('#history svg').first().attr('aria-label')).toBe('Mentioned');
  });

  it('has a gap where a run has no value', () => {
    const rank = page('#history figure:contains(Average rank) path.line.own').attr('d') ?? '';
    expect(rank.match(/[ML]/g)).toEqual(['M']);
  });

  it('alone says that it is the first', () => {
    expect(textOf(load(reportPage(run, { past: compareRuns([run]) })), '#history')).toContain('first run');
  });
});
