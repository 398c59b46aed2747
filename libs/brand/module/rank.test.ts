import { describe, expect, it } from 'vitest';
import { failedRow } from './call-rows.ts';
import { diagnosisInput } from './input.ts';
import { answerRows, figuresOf, missingRows, topSources } from './rank.ts';

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

describe('figures', () => {
  it('leave failed calls out instead of counting them as zeros', () => {
    const rows = answerRows(input, [answered('qwen', '推荐云步。'), failed('zhipu')]);
    const { figures, scores } = figuresOf(input, rows);
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
