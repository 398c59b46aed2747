import { describe, expect, it } from 'vitest';
import { judged, parseAssertion } from './assertions.ts';
import { brandNames, reported } from './report.fixture.ts';

const run = reported({
  reply: (question, model) => {
    if (model === 'zhipu' && question.includes('last')) return { cut: 'Shoes depend on your feet. ' };
    return '1. **Bolt**: fine.\n2. **Apex**: fine.\n';
  },
});
const verdict = (text: string) => judged(parseAssertion(text, brandNames(run)), run.report);

describe('a statement about a report', () => {
  it.each([
    ['mention(Apex) >= 0.75', 'holds'],
    ['mention(Apex) >= 75%', 'holds'],
    ['mention(Apex) > 0.9', 'unknown'],
    ['mention(Crest) < 0.5', 'holds'],
    ['mention(Crest) > 0.5', 'fails'],
    ['first(Apex)<0.3', 'holds'],
    ['rank( Bolt ) <= 1', 'unknown'],
    ['score(Apex) >= 10', 'holds'],
    ['score(Crest) > 60', 'fails'],
  ])('is judged by what was heard and by what may have been said: %s %s', (text, expected) => {
    expect(verdict(text).verdict).toBe(expected);
  });

  it('says what was found', () => {
    expect(verdict('mention(Apex) >= 0.9').found).toBe(
      '75–100%, 95 % interval 30–100%, 4 counted, 1 of them cut off before it was known',
    );
  });

  it('is unknown where no answer was counted', () => {
    const failed = reported({ reply: () => ({ error: 'quota' }) });
    expect(judged(parseAssertion('mention(Apex) >= 0', ['Apex']), failed.report)).toMatchObject({ verdict: 'unknown' });
  });

  it.each([
    ['mention(Apex)', /no comparison/],
    ['fame(Apex) > 1', /no figure "fame"/],
    ['mention(Acme) > 0.1', /no brand "Acme"[\s\S]*/],
    ['mention(Apex) > many', /no comparison/],
    ['__proto__(Apex) > 1', /no comparison/],
    ['constructor(Apex) > 1', /no figure/],
  ])('that cannot be read is refused with what may be written: %s', (text, says) => {
    expect(() => parseAssertion(text, brandNames(run))).toThrow(says);
  });
});
