import { describe, expect, it } from 'vitest';
import { reported } from './report.fixture.ts';
import { summaryOf } from './summary.ts';

describe('the summary', () => {
  it('fits on a screen, whatever was asked', () => {
    const questions = Array.from({ length: 40 }, (_, n) => `Which shoes for terrain ${n}, ${'x'.repeat(400)}?`);
    const many = reported({
      input: { questions },
      reply: (question, model) =>
        model === 'qwen' ? { error: 'server' } : `Apex. See https://a${question.length}.test/`,
    });
    const lines = summaryOf(many.report).split('\n');
    expect(lines.length).toBeLessThan(40);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(140);
    expect(lines).toContain('  and 32 more');
  });

  it('says what the brands come to, and that it is thin', () => {
    const text = summaryOf(reported().report, ['one by one: 99 s']);
    expect(text).toMatch(/^Apex against Bolt, Crest: completed after 12\.3 s\n/);
    expect(text).toContain('one by one: 99 s');
    expect(text).toMatch(/of 4 answers .*too thin to compare/);
    expect(text).toMatch(/1–\d +\S+ +100% +100% +1\.0 +50% +\S+ {2}Apex/);
    expect(text).toMatch(/ 0% +0% +– +0% +– {2}Crest/);
  });

  it('moves no cursor and turns no line, whatever a name holds', () => {
    const hostile = reported({ input: { brand: 'A\u001b[2J\u202eB', rivals: ['C\nD'] } });
    expect(summaryOf(hostile.report).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  });

  it('says first that answers were cut off, and gives bounds instead of values (R1)', () => {
    const text = summaryOf(
      reported({
        reply: (_question, model) => (model === 'qwen' ? { cut: 'It depends. ' } : '1. **Apex**\n2. **Bolt**'),
      }).report,
    );
    expect(text.indexOf('fewer than 80%')).toBeLessThan(text.indexOf('mentioned'));
    expect(text).toMatch(/1–3 +\S+–\S+ +50–100% +50–100% .* Apex/);
  });

  it('of a run without an answer shows no figures', () => {
    const text = summaryOf(reported({ reply: () => ({ error: 'quota' }) }).report);
    expect(text).toContain('no call was answered');
    expect(text).toContain('qwen: quota');
    expect(text).not.toContain('score');
  });
});
