import { expect, it } from 'vitest';
import {
  invalidArgument,
  lengthFault,
  rangeFault,
  readJson,
  readJsonObject,
  requireNone,
  textFault,
} from './request-check.ts';

it('names every wrong field in one error, the first one first', () => {
  expect(() => requireNone([textFault('a', ''), undefined, rangeFault('b', 7, 0, 5)])).toThrow(
    expect.objectContaining({
      code: 'api.invalid_argument',
      class: 'fatal',
      message: 'the request is wrong: a is empty; b is 7, but must be an integer from 0 to 5',
      data: {
        field: 'a',
        issues: [
          { path: 'a', message: 'is empty' },
          { path: 'b', message: 'is 7, but must be an integer from 0 to 5' },
        ],
      },
    }),
  );
  expect(() => requireNone([undefined])).not.toThrow();
  expect(invalidArgument([]).data).toEqual({ field: '', issues: [] });
});

it('measures texts and numbers at their bounds', () => {
  expect([textFault('a', 'x'), textFault('a', 'xx', 1)]).toEqual([
    undefined,
    { path: 'a', message: 'has 2 characters, more than 1' },
  ]);
  expect(lengthFault('a', '')).toBeUndefined();
  expect([0, 5].map((value) => rangeFault('n', value, 0, 5))).toEqual([undefined, undefined]);
  for (const value of [-1, 6, 0.5, Number.NaN]) expect(rangeFault('n', value, 0, 5)).toMatchObject({ path: 'n' });
});

it('reads JSON, or says why it is none', () => {
  const read = (text: string | Uint8Array) => readJson('input', Buffer.from(text as string), {});
  expect(read('')).toEqual({ value: {} });
  expect(read('[1]')).toEqual({ value: [1] });
  expect(read('{').fault).toMatchObject({ path: 'input', message: expect.stringMatching(/^is no JSON: /) });
  expect(read(Buffer.from([0x22, 0xff, 0x22])).fault?.message).toBe('is no JSON: its bytes are no UTF-8');
});

it('tells objects from other JSON', () => {
  const read = (text: string) => readJsonObject('login', Buffer.from(text), undefined);
  expect(read('{"a":1}')).toEqual({ value: { a: 1 } });
  for (const text of ['[]', 'null', '1', '"x"']) expect(read(text).fault?.message).toBe('is JSON, but no object');
  expect(read('{').fault?.message).toMatch(/^is no JSON/);
});
