import { describe, expect, it } from 'vitest';
import { CatenaError } from './catena-error.ts';
import { toFailure } from './failure.ts';
import { describeThrown } from './thrown.ts';

const failureOf = (cause: unknown, data: Record<string, unknown> = {}) =>
  toFailure(new CatenaError('parse.threw', 'it threw', { cause, data }), 'parser');

function throwing(field: string): Error {
  return Object.defineProperty(new Error('outer'), field, {
    get() {
      throw new Error('the getter');
    },
  });
}

describe('the record of a failure', () => {
  it('keeps the causes, nearest first, and at most five of them', () => {
    const inner = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    expect(failureOf(new TypeError('fetch failed', { cause: inner })).causes).toEqual([
      { code: 'TypeError', message: 'fetch failed' },
      { code: 'ECONNREFUSED', message: 'refused' },
    ]);
    const circular = new Error('round');
    circular.cause = circular;
    expect(failureOf(circular).causes).toHaveLength(5);
  });

  it.each<[string, unknown]>([
    ['a cause that cannot be read', throwing('cause')],
    ['a message that cannot be read', throwing('message')],
    ['a code that cannot be read', throwing('code')],
    ['a name that cannot be read', throwing('name')],
    ['a message that is a bigint', Object.assign(new Error('x'), { message: 5n })],
    ['a code that is an object without text', Object.assign(new Error('x'), { code: Object.create(null) })],
    ['a proxy that refuses everything', new Proxy(new Error('x'), refusing())],
    ['a frozen error', Object.freeze(new Error('x'))],
  ])('is made whatever was thrown: %s', (_name, thrown) => {
    const record = JSON.stringify(failureOf(thrown));
    expect(JSON.parse(record)).toMatchObject({ code: 'parse.threw', message: 'it threw' });
  });

  it('is bounded: long messages and large details are cut', () => {
    const huge = 'x'.repeat(3_000_000);
    const record = failureOf(new Error(huge, { cause: new Error(huge) }), { huge, step: 'list' });
    expect(JSON.stringify(record).length).toBeLessThan(10_000);
    expect(record.data).toEqual({ step: 'list' });
  });

  it('leaves out details that JSON cannot hold, and keeps the others', () => {
    const round: Record<string, unknown> = {};
    round.self = round;
    expect(failureOf(undefined, { id: 1n, round, step: 'list' }).data).toEqual({ step: 'list' });
  });
});

it.each<[unknown, string]>([
  [new TypeError('x is not a function'), 'TypeError: x is not a function'],
  ['no such page', 'string no such page'],
  [null, 'null'],
  [undefined, 'nothing'],
  [404, 'number 404'],
  [5n, 'bigint 5'],
  [Symbol('s'), 'symbol Symbol(s)'],
  [{ code: 7 }, 'an object {"code":7}'],
  [{ name: 'AxiosError', message: 'timeout' }, 'AxiosError: timeout'],
  [{ id: 1n }, 'something that cannot be read'],
  [throwing('message'), 'Error'],
  [new Proxy({}, refusing()), 'something that cannot be read'],
])('describes what was thrown in one line (%#)', (thrown, text) => {
  expect(describeThrown(thrown)).toBe(text);
});

/** Every trap of a proxy throws. */
function refusing(): ProxyHandler<object> {
  return new Proxy(
    {},
    {
      get: () => () => {
        throw new Error('the trap');
      },
    },
  );
}
