import { describe, expect, it } from 'vitest';
import { ReceivedBody } from './received-body.ts';

const KIB = 1_024;
const PARTS = [10, 64 * KIB, 1, 30 * KIB].map((length, i) => Buffer.alloc(length, i + 1));
const WHOLE = Buffer.concat(PARTS);

describe('the body of a response', () => {
  it.each([
    ['nobody announced its length', undefined],
    ['its length was announced', WHOLE.length],
    ['it is longer than announced', WHOLE.length - 20 * KIB],
    ['it is shorter than announced', WHOLE.length + 20 * KIB],
    ['it is far longer than announced', 5],
  ])('is what came when %s, at once or after the first part', (_when, announced) => {
    for (const announcedAt of [0, 1]) {
      const body = new ReceivedBody();
      for (const [at, part] of PARTS.entries()) {
        if (announced !== undefined && at === announcedAt) body.expect(announced);
        body.append(part);
      }
      expect(body.length).toBe(WHOLE.length);
      expect(body.take().equals(WHOLE)).toBe(true);
    }
  });

  it('is empty when nothing came, and after it was taken', () => {
    const body = new ReceivedBody();
    body.expect(WHOLE.length);
    expect(body.take()).toHaveLength(0);
    body.append(PARTS[0]!);
    body.take();
    expect([body.length, body.take().length]).toEqual([0, 0]);
  });
});
