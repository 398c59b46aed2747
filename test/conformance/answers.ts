/** What a store of answers is. Every adapter passes this suite unchanged. */
import { describe, expect, it } from 'vitest';
import { type AnswerBounds, MAX_ANSWER_BYTES, type ResponseCache } from '../../libs/store/response-cache.ts';

/** A store under test, empty when it is opened. */
export interface AnswersHarness {
  readonly answers: ResponseCache;
  /** Another handle on the same answers, as another process would have one. */
  readonly reopen: () => ResponseCache;
  /** Makes everything that is kept so much older. */
  pass(ms: number): Promise<void>;
  /** How many rows there are, of whatever age. */
  count(): Promise<number>;
}

export type OpenAnswers = (bounds: AnswerBounds) => Promise<AnswersHarness>;

const WIDE: AnswerBounds = { maxBytes: 10_000_000, maxCount: 1_000 };
const MINUTE_MS = 60_000;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function describeAnswers(name: string, open: OpenAnswers): void {
  const textOf = async (answers: ResponseCache, key: string, maxAgeMs = MINUTE_MS) => {
    const found = await answers.find(key, maxAgeMs);
    return found === undefined ? undefined : Buffer.from(found).toString();
  };

  describe(`${name}: a kept answer (B32)`, () => {
    it('is found by its key, in other processes too, and no other is', async () => {
      const { answers, reopen } = await open(WIDE);
      await answers.keep('a', bytes('yes, 是的'), MINUTE_MS);
      await answers.keep('empty', bytes(''), MINUTE_MS);
      for (const each of [answers, reopen()]) {
        expect(await textOf(each, 'a')).toBe('yes, 是的');
        expect(await textOf(each, 'empty')).toBe('');
        expect(await textOf(each, 'b')).toBeUndefined();
      }
    });

    it('is there until its time has run out, counted from when it was kept', async () => {
      const { answers, pass } = await open(WIDE);
      await answers.keep('a', bytes('yes'), MINUTE_MS);
      await pass(MINUTE_MS - 5_000);
      expect(await textOf(answers, 'a', 1e9)).toBe('yes');
      await pass(5_001);
      expect(await textOf(answers, 'a', 1e9)).toBeUndefined();
    });

    it('is not found by whoever wants a younger one', async () => {
      const { answers, pass } = await open(WIDE);
      await answers.keep('a', bytes('yes'), MINUTE_MS);
      await pass(20_000);
      expect(await textOf(answers, 'a', 10_000)).toBeUndefined();
      expect(await textOf(answers, 'a', 30_000)).toBe('yes');
    });

    it('is replaced by the next one, and its time begins again', async () => {
      const { answers, pass } = await open(WIDE);
      await answers.keep('a', bytes('old'), MINUTE_MS);
      await pass(50_000);
      await answers.keep('a', bytes('new'), MINUTE_MS);
      await pass(50_000);
      expect(await textOf(answers, 'a')).toBe('new');
    });

    it('is deleted when its time has run out, not only hidden', async () => {
      const { answers, pass, count } = await open(WIDE);
      await answers.keep('short', bytes('1'), 1_000);
      await answers.keep('long', bytes('2'), MINUTE_MS);
      expect(await answers.expire()).toBe(0);
      await pass(2_000);
      expect(await answers.expire()).toBe(1);
      expect(await count()).toBe(1);
      expect(await textOf(answers, 'long')).toBe('2');
    });

    it('of those that are too many, the longest kept go', async () => {
      const { answers, pass, count } = await open({ ...WIDE, maxCount: 3 });
      for (let n = 1; n <= 5; n++) {
        await answers.keep(`a${n}`, bytes(`${n}`), MINUTE_MS);
        await pass(10);
      }
      expect(await count()).toBe(3);
      const found = await Promise.all([1, 2, 3, 4, 5].map((n) => textOf(answers, `a${n}`)));
      expect(found).toEqual([undefined, undefined, '3', '4', '5']);
    });

    it('of those that are too large together, the longest kept go', async () => {
      const { answers, pass, count } = await open({ ...WIDE, maxBytes: 1_000 });
      for (const [key, size] of [
        ['a', 400],
        ['b', 400],
        ['c', 100],
        ['d', 600],
      ] as const) {
        await answers.keep(key, Buffer.alloc(size), MINUTE_MS);
        await pass(10);
      }
      expect(await count()).toBe(2);
      expect((await answers.find('c', MINUTE_MS))?.length).toBe(100);
      expect((await answers.find('d', MINUTE_MS))?.length).toBe(600);
    });

    it('is not kept when it alone is too large, nor where nothing is to be kept', async () => {
      const { answers, count } = await open({ ...WIDE, maxBytes: 1_000 });
      await answers.keep('a', Buffer.alloc(1_001), MINUTE_MS);
      const wide = await open(WIDE);
      await wide.answers.keep('a', Buffer.alloc(MAX_ANSWER_BYTES + 1), MINUTE_MS);
      await wide.answers.keep('b', Buffer.alloc(MAX_ANSWER_BYTES), MINUTE_MS);
      const none = await open({ ...WIDE, maxCount: 0 });
      await none.answers.keep('a', bytes('yes'), MINUTE_MS);
      expect([await count(), await wide.count(), await none.count()]).toEqual([0, 1, 0]);
    });

    it('is one of those that are kept under its key at the same time, whole', async () => {
      const { answers, count } = await open(WIDE);
      await Promise.all(Array.from({ length: 20 }, (_, n) => answers.keep('a', bytes(`version ${n}`), MINUTE_MS)));
      expect(await textOf(answers, 'a')).toMatch(/^version \d+$/);
      expect(await count()).toBe(1);
    });
  });
}
