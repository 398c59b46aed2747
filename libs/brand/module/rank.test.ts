import { describe, expect, it } from 'vitest';
import { providerSchema } from '../codecs/provider.ts';
import { failedRow, reportedCalls } from './call-rows.ts';
import { diagnosisInput } from './input.ts';
import { answerRows, begunRows, figureRows, missingRows, topSources } from './rank.ts';

const NOW_MS = 1_700_000_000_000;
const input = diagnosisInput.parse({
  brand: '云步',
  rivals: ['Strider'],
  questions: ['推荐'],
  models: ['qwen', 'zhipu'],
});
const error = { error_type: 'server', error_code: 'x', error_message: '', recoverable: true, timestamp: '' } as const;
const failed = (model: string) =>
  failedRow(input, { question: 0, model, repeat: 1 }, error, { elapsedMs: null, nowMs: NOW_MS });
const answered = (model: string, response: string) => ({
  ...failed(model),
  ...{ status: 'whole' as const, response, error: null },
});

describe('a planned call without a row', () => {
  it('gets one: the deadline came first (X5)', () => {
    expect(missingRows(input, { calls: [failed('qwen')], failures: [] }, NOW_MS)).toMatchObject([
      { model: 'zhipu', status: 'failed', error: { error_type: 'deadline_exceeded' } },
    ]);
  });

  it('gets the reason for which it died', () => {
    const state = { question: 0, model: 'zhipu', repeat: 1, attempt: 1 };
    const died = { step: 'ask', reason: 'failed', code: 'download.dns', message: 'no such host', state };
    expect(missingRows(input, { calls: [failed('qwen')], failures: [died] }, NOW_MS)[0]?.error).toMatchObject({
      error_type: 'network',
      error_code: 'download.dns',
    });
  });
});

describe('an early report', () => {
  const provider = providerSchema.parse({
    ...{ name: 'any', codec: 'openai-chat', baseUrl: 'https://models.test/v1', model: 'm', keyReference: 'KEY' },
    pricePerMillionTokens: { input: 2, output: 8 },
  });
  const event = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
  const open = (model: string, text: string, more: object = {}) => ({
    ...{ step: 'ask', text, receivedAtMs: NOW_MS },
    state: { question: 0, model, repeat: 1, attempt: 1, ...more },
  });
  const begun = (heard: Partial<Parameters<typeof begunRows>[1]>) =>
    begunRows(input, { calls: [], failures: [], partials: [], ...heard }, () => provider, { nowMs: NOW_MS });

  it('reads a call under way as far as it has come, and knows no end of it', () => {
    const [row] = begun({ partials: [open('qwen', event('首推云步，') + event('其次').slice(0, 20))] });
    expect(row).toMatchObject({ model: 'qwen', status: 'partial', finish: null, response: '首推云步，', error: null });
    expect(row).toMatchObject({ cost: 0, attempts: 1, geo_data: { brand_mentioned: true, interception: false } });
    expect(row?.cost_at_most).toBeGreaterThan(0);
  });

  it.each([
    ['has not been sent', []],
    ['has sent nothing', [open('qwen', '')]],
    ['has only begun to think', [open('qwen', event('<think>云步'))]],
    [
      'has sent the beginning of an answer that is no stream',
      [open('qwen', '{"choices":[{"message":{"content":"云步')],
    ],
    ['was refused, and is asked again', [open('qwen', '{"error":{"code":"rate_limit_exceeded"}}')]],
  ])('has a call that %s as pending: unknown, not absent', (_what, partials) => {
    const [row] = begun({ partials });
    expect(row).toMatchObject({ model: 'qwen', status: 'pending', response: null, error: null, geo_data: null });
    const figures = figureRows(input, answerRows(input, [row!])).figures.figures.bare.overall;
    expect(figures.coverage).toMatchObject({ whole: 0, partial: 0, failed: 0, pending: 1 });
    for (const { mentionRate, interception } of figures.brands) {
      expect(mentionRate).toMatchObject({ value: null, numerator: 0, denominator: 1, least: 0, most: 1 });
      expect(interception).toMatchObject({ value: null, least: 0, most: 1 });
    }
  });

  it('takes the model at its word that an answer is at its end', () => {
    const end = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n';
    expect(begun({ partials: [open('qwen', event('首推云步。') + end)] })[0]).toMatchObject({
      status: 'whole',
      finish: 'whole',
    });
  });

  it('keeps what earlier turns of a call have said', () => {
    const said = { text: '云步不错。', reasoning: '', sources: [], retrieved: [], queries: [], usage: null };
    const earlier = { said: { ...said, finish: 'cut_off', finishWord: 'pause_turn', model: 'm' }, turn: 1, attempt: 2 };
    expect(begun({ partials: [open('qwen', '', earlier)] })[0]).toMatchObject({
      status: 'partial',
      response: '云步不错。',
    });
    const more = begun({ partials: [open('qwen', event('Strider 也行'), earlier)] });
    expect(more[0]).toMatchObject({ status: 'partial', response: '云步不错。Strider 也行', finish: null });
  });

  it('has a call that died as failed, and a call that has a row not at all', () => {
    const died = {
      step: 'ask',
      reason: 'failed',
      code: 'download.dns',
      message: 'no such host',
      state: open('qwen', '').state,
    };
    expect(begun({ failures: [died], calls: [failed('zhipu')] })).toMatchObject([
      { model: 'qwen', status: 'failed', error: { error_type: 'network' } },
    ]);
    // It ended while the report was being made: its row counts, not what was read of it before.
    expect(begun({ calls: [failed('qwen'), failed('zhipu')], partials: [open('qwen', event('云步'))] })).toEqual([]);
  });

  it('rests on its own rows, whatever the same calls have become since', () => {
    const [early] = begun({ partials: [open('qwen', event('首推云步，'))] });
    const since = answered('qwen', '首推云步，其次 Strider。');
    expect(reportedCalls([since, failed('zhipu')], [early!])).toEqual([failed('zhipu'), early]);
    expect(reportedCalls([since, failed('zhipu')], [])).toEqual([since, failed('zhipu')]);
  });
});

describe('figures', () => {
  it('leave failed calls out instead of counting them as zeros', () => {
    const rows = answerRows(input, [answered('qwen', '推荐云步。'), failed('zhipu')]);
    const { figures, scores } = figureRows(input, rows).figures;
    expect(figures.bare.overall.brands[0]?.mentionRate).toMatchObject({ value: 1, denominator: 1 });
    expect(scores.map(({ brand }) => brand)).toEqual(['云步', 'Strider']);
  });

  it('know the pages that are cited most', () => {
    const rows = answerRows(input, [
      answered('qwen', '见 https://a.example.com/1 和 https://b.example.com/2 。'),
      answered('zhipu', '见 https://b.example.com/2 。'),
    ]);
    expect(topSources(rows).map(({ url, answers }) => [url, answers])).toEqual([
      ['https://b.example.com/2', 2],
      ['https://a.example.com/1', 1],
    ]);
  });

  it('count no page that a model only claims in JSON of its own (X10)', () => {
    const claim = '{"sources": [{"url": "https://claimed.example.com/1"}]}';
    const rows = answerRows(input, [answered('qwen', `推荐云步，见 https://a.example.com/1 。\n\n${claim}`)]);
    expect(rows[0]?.findings?.sources.map(({ url, grade }) => [url, grade])).toContainEqual([
      'https://claimed.example.com/1',
      'claimed',
    ]);
    expect(topSources(rows).map(({ url }) => url)).toEqual(['https://a.example.com/1']);
  });
});
