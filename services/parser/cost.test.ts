import { describe, expect, it } from 'vitest';
import { MICROS } from '../../libs/limits/budgets.ts';
import { honestCalls, paidCalls } from '../../test/fixtures/modules/paid-calls.ts';
import { messagesOf, only } from '../../test/fixtures/outcomes.ts';
import { openStageBench } from '../../test/fixtures/stage-bench.ts';

const call = { path: '/a', atMost: 2 };
const task = (more: Readonly<Record<string, unknown>> = {}) => ({
  input: { base: 'http://model.test', calls: [{ ...call, ...more }] },
});

describe('the charge of a page', () => {
  it('is told before anything of the page is committed', async () => {
    const bench = openStageBench([paidCalls]);
    const response = await bench.download(await bench.beginRequest(task({ charge: 1 })));
    let committedWith: unknown;
    const { commitWith } = bench.coordinator;
    bench.coordinator.commitWith = async (...given) => {
      committedWith = await bench.budgets.read('run-1');
      return commitWith(...given);
    };
    await bench.parse(response);
    expect(committedWith).toEqual({ spent: MICROS, reserved: 0 });
  });

  it('counts also when the page is given back', async () => {
    const bench = openStageBench([paidCalls]);
    bench.http.answer = () => ({ body: 'again' });
    const response = await bench.download(await bench.beginRequest(task({ charge: 1 })));
    only(messagesOf(await bench.parse(response), 'error'));
    expect(await bench.budgets.read('run-1')).toEqual({ spent: MICROS, reserved: 0 });
    expect(await bench.items()).toEqual([]);
  });

  it('is what the author says, up or down, and a part of a millionth is a whole one', async () => {
    for (const [charge, spent] of [
      [0, 0],
      [0.1 + 0.2, 300_000],
      [0.000_000_1, 1],
      [7, 7 * MICROS],
    ] as const) {
      const bench = openStageBench([honestCalls]);
      await bench.parse(await bench.download(await bench.beginRequest(task({ charge }))));
      expect(await bench.budgets.read('run-1'), String(charge)).toEqual({ spent, reserved: 0 });
    }
  });

  it('that cannot be told stays set aside, and the page is committed all the same', async () => {
    const bench = openStageBench([honestCalls]);
    const response = await bench.download(await bench.beginRequest(task({ charge: 1 })));
    const { settle } = bench.budgets;
    bench.budgets.settle = () => Promise.reject(new Error('no answer'));
    await bench.parse(response);
    expect(await bench.items()).toHaveLength(1);
    expect(await bench.budgets.read('run-1')).toEqual({ spent: 0, reserved: 2 * MICROS });
    bench.budgets.settle = settle;
  });
});
