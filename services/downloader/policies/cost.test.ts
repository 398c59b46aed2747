/** Money is set aside before a request is sent, once per download, and never for one that is not sent. */
import { describe, expect, it } from 'vitest';
import { CatenaError } from '../../../libs/errors/catena-error.ts';
import { MICROS } from '../../../libs/limits/budgets.ts';
import { METRICS } from '../../../libs/telemetry/metric-names.ts';
import { honestCalls } from '../../../test/fixtures/modules/paid-calls.ts';
import { openStageBench, type StageBench } from '../../../test/fixtures/stage-bench.ts';
import { handle } from '../handle.ts';
import { downloadError } from '../http/download-error.ts';
import { pay } from './cost.ts';
import type { Receipt } from './policy.ts';

const input = { base: 'http://model.test', calls: [{ path: '/a', atMost: 2, charge: 0.5, cache: true }] };
const permit = { release: () => undefined };
const totals = (bench: StageBench) => bench.budgets.read('run-1');

describe('a request that costs', () => {
  it('is paid for once, however often its message comes', async () => {
    const bench = openStageBench([honestCalls]);
    const request = await bench.beginRequest({ input });
    const response = await bench.download(request);
    expect(await totals(bench)).toEqual({ spent: 0, reserved: 2 * MICROS });
    expect(await handle(bench.downloader, request, permit)).toMatchObject({ kind: 'skip' });
    expect(await totals(bench)).toEqual({ spent: 0, reserved: 2 * MICROS });
    expect(response.model.costAttempt).toBe('0.0');
    await bench.parse(response);
    expect(await totals(bench)).toEqual({ spent: 0.5 * MICROS, reserved: 0 });
    expect(await bench.parse(response), 'a page that comes twice is charged once').toMatchObject({ kind: 'skip' });
    expect(await totals(bench)).toEqual({ spent: 0.5 * MICROS, reserved: 0 });
  });

  it('costs nothing more when its own answer is read again after a crash', async () => {
    const bench = openStageBench([honestCalls]);
    const request = await bench.beginRequest({ input });
    await bench.download(request);
    // The parser died: nobody took the response over, and the request is notified for anew.
    await bench.loseResponses();
    const again = await bench.download(request);
    expect(bench.http.asked).toHaveLength(1);
    expect(again.model).toMatchObject({ costAttempt: '0.0', fromCache: false });
    await bench.parse(again);
    expect(await totals(bench)).toEqual({ spent: 0.5 * MICROS, reserved: 0 });
  });

  it('counts twice when it has to be sent twice', async () => {
    const bench = openStageBench([honestCalls]);
    const request = await bench.beginRequest({ input: { ...input, calls: [{ ...input.calls[0], cache: false }] } });
    await bench.download(request);
    await bench.loseResponses();
    await bench.parse(await bench.download(request));
    expect(await totals(bench)).toEqual({ spent: 2.5 * MICROS, reserved: 0 });
  });

  it('is not sent when its budget does not answer, and fails as one that may be tried again', async () => {
    const bench = openStageBench([honestCalls]);
    const request = await bench.beginRequest({ input });
    bench.budgets.reserve = async () => {
      throw new CatenaError('limits.unavailable', 'no answer', { class: 'retryable' });
    };
    const { model } = await bench.download(request);
    expect(model).toMatchObject({ costAttempt: '', error: { code: 'limits.unavailable' } });
    expect(bench.http.asked).toEqual([]);
  });

  it('that nothing answered to is settled by its parser, at nothing if it never arrived', async () => {
    for (const [code, spent] of [
      ['download.refused', 0],
      ['download.timeout', 2 * MICROS],
    ] as const) {
      const bench = openStageBench([honestCalls]);
      bench.http.answer = () => {
        throw downloadError(code, { url: 'http://model.test/a' });
      };
      await bench.parse(await bench.download(await bench.beginRequest({ input })));
      expect(await totals(bench), code).toEqual({ spent, reserved: 0 });
    }
  });

  it('cannot be told by a server what it has cost', async () => {
    const bench = openStageBench([honestCalls]);
    bench.http.answer = () => ({ headers: [['catena-paid', '7.7']], body: 'page' });
    const first = await bench.download(await bench.beginRequest({ input }));
    expect(first.model.costAttempt).toBe('0.0');
    expect(first.model.headers).toEqual([]);
  });
});

describe('money that others have set aside', () => {
  const PRICE = { amount: 60, cap: 100, waitAtMostMs: 10_000 };
  const signal = new AbortController().signal;

  const payer = (bench: StageBench) => ({ budgets: bench.budgets, meters: bench.meters });

  async function opened() {
    const bench = openStageBench([honestCalls]);
    const node = await bench.nodeOf(await bench.beginRequest({ input }));
    const other = { scope: node.runId, entry: 'other', attempt: '0' };
    await bench.budgets.reserve({ ...other, amount: 60, cap: 100 });
    const receipt: Receipt = { attempt: '' };
    return { bench, node, other, receipt };
  }

  it('is waited for, since it may not be needed', async () => {
    const { bench, node, other, receipt } = await opened();
    const paying = pay(payer(bench), node, PRICE, receipt, signal);
    await bench.budgets.settle({ ...other, amount: 10 });
    await paying;
    expect(receipt.attempt).toBe('0.0');
    expect(await totals(bench)).toEqual({ spent: 10, reserved: 60 });
  });

  it('that was spent in truth is not waited for', async () => {
    const { bench, node, other, receipt } = await opened();
    const paying = pay(payer(bench), node, PRICE, receipt, signal);
    await bench.budgets.settle({ ...other, amount: 41 });
    await expect(paying).rejects.toMatchObject({ code: 'budget.exhausted', class: 'fatal' });
    expect(receipt.attempt).toBe('');
    expect(await totals(bench)).toEqual({ spent: 41, reserved: 0 });
    expect(bench.metrics.total(METRICS.budgetExhausted)).toBe(1);
  });

  it('is waited for no longer than the request might take itself, nor than somebody wants it', async () => {
    const { bench, node, receipt } = await opened();
    const impatient = { ...PRICE, waitAtMostMs: 60 };
    await expect(pay(payer(bench), node, impatient, receipt, signal)).rejects.toMatchObject({
      code: 'budget.exhausted',
      data: { atMost: 0.000_06, costCap: 0.000_1, spent: 0, reserved: 0.000_06 },
    });
    const unwanted = AbortSignal.timeout(30);
    await expect(pay(payer(bench), node, PRICE, receipt, unwanted)).rejects.toMatchObject({
      code: 'budget.wait_aborted',
    });
  });
});
