/** What a run costs, and the most that it may cost, in either mode. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { RunCost } from '../../../libs/store/port.ts';
import { closedPort, startServer } from '../../../services/downloader/http/loopback.fixture.ts';
import { codeOf, type Ended, type FlowMode, run, startIn } from '../../fixtures/flow.ts';
import { honestCalls, paidCalls } from '../../fixtures/modules/paid-calls.ts';

const ONE = 1_000_000;
const spent = (micros: number): RunCost => ({ spent: micros, reserved: 0 });

/** A server that answers by the path: its status, or what a handler says. */
async function startPaths(answers: Record<string, (response: ServerResponse, nth: number) => void> = {}) {
  const asked: string[] = [];
  const { origin } = await startServer(({ url = '' }, response) => {
    asked.push(url);
    const answer = answers[url] ?? ((each: ServerResponse) => each.end('page'));
    answer(response, asked.filter((each) => each === url).length);
  });
  return { base: origin, asked };
}

const status = (code: number) => (response: ServerResponse) => {
  response.statusCode = code;
  response.end();
};

const calls = (count: number, more: Readonly<Record<string, unknown>> = {}) =>
  Array.from({ length: count }, (_, n) => ({ path: `/${n}`, n, ...more }));

const codes = ({ items }: Ended) => items.map((item) => (item as { code: string }).code).sort();

export function describeCosts(mode: FlowMode): void {
  describe('the cost of a run', () => {
    it('is what its pages charged', async () => {
      const { base } = await startPaths();
      const node = await startIn(mode, [paidCalls]);
      const { end, runId } = await run(node, paidCalls, { base, calls: calls(5, { charge: 0.25 }) });
      expect(end).toMatchObject({ finishReason: 'completed', cost: spent(1.25 * ONE) });
      expect((await node.store.findRun(runId))?.end?.cost).toEqual(spent(1.25 * ONE));
    });

    it('is the most that an answer may have cost where nobody says more, and nothing where nothing arrived', async () => {
      const { base } = await startPaths({
        '/missing': status(404),
        '/cut': (response) => response.destroy(),
        '/forgiven': status(500),
      });
      const dead = `http://127.0.0.1:${await closedPort()}/`;
      const node = await startIn(mode, [honestCalls], { 'retry.attempts': 1 });
      const paths = ['/answered', '/missing', '/cut', '/forgiven', dead];
      const { end, items } = await run(node, honestCalls, { base, calls: paths.map((path, n) => ({ path, n })) });
      expect(items.map((item) => (item as { cost: number }).cost)).toEqual([1, 1, 1, 1, 0]);
      expect(end.cost, 'one of them was forgiven').toEqual(spent(3 * ONE));
    });

    it('counts every attempt, for each may have to be paid, and keeps the charge of a page that is given back', async () => {
      const { base } = await startPaths({
        '/late': (response, nth) => (nth < 3 ? status(503)(response) : response.end('page')),
        '/again': (response, nth) => response.end(nth < 2 ? 'again' : 'page'),
      });
      const node = await startIn(mode, [paidCalls]);
      const late = await run(node, paidCalls, { base, calls: [{ path: '/late', charge: 0.1 }] });
      expect(late.end.cost).toEqual(spent(2.1 * ONE));
      const again = await run(node, paidCalls, { base, calls: [{ path: '/again', charge: 0.2 }] });
      expect(again.end.cost).toEqual(spent(0.4 * ONE));
    });

    it('is nothing for an answer that another request was given, and absent where nothing costs', async () => {
      const { base, asked } = await startPaths();
      const node = await startIn(mode, [paidCalls], { download_concurrency: 1 });
      const same = [1, 2, 3].map((n) => ({ path: '/same', n, charge: 0.5, cache: true }));
      const { end } = await run(node, paidCalls, { base, calls: same });
      expect(end.cost).toEqual(spent(asked.length * 0.5 * ONE));
      expect(asked.length).toBeLessThan(3);
      const free = await run(node, paidCalls, { base, calls: calls(2, { atMost: 0 }) });
      expect(free.end.cost).toBeUndefined();
    });
  });

  describe('the cost cap of a run', () => {
    it('is never passed; what it has no room for is not sent, not tried again, and leaves its row', async () => {
      const { base, asked } = await startPaths();
      const node = await startIn(mode, [honestCalls]);
      const ended = await run(node, honestCalls, { base, calls: calls(20) }, { costCap: 4 });
      expect(asked).toHaveLength(4);
      expect(codes(ended)).toEqual([...Array(16).fill('budget.exhausted'), ...Array(4).fill('ok')]);
      expect(ended.end).toMatchObject({ finishReason: 'completed', dead: 0, cost: spent(4 * ONE) });
    });

    it('ends a run of which it refuses the most honestly: with what there is, and a dead letter for the rest', async () => {
      const { base, asked } = await startPaths();
      const rates = { 'thresholds.module_rate': 0.2, 'thresholds.task_rate': 0.2 };
      const node = await startIn(mode, [paidCalls], { 'retry.attempts': 3, ...rates });
      const ended = await run(node, paidCalls, { base, calls: calls(40) }, { costCap: 8.5 });
      expect(asked).toHaveLength(8);
      expect(ended.end).toMatchObject({ finishReason: 'completed', dead: 32, cost: spent(8 * ONE) });
      expect(new Set(ended.deadLetters.map(codeOf))).toEqual(new Set(['budget.exhausted']));
      expect(new Set(ended.deadLetters.map(({ attempts }) => attempts))).toEqual(new Set([1]));
      expect(ended.items).toHaveLength(8);
    });

    it('has room again for what cost less than it might have', async () => {
      const { base, asked } = await startPaths();
      const node = await startIn(mode, [honestCalls], { download_concurrency: 1, parser_concurrency: 1 });
      const { end } = await run(node, honestCalls, { base, calls: calls(10, { charge: 0.1 }) }, { costCap: 2 });
      expect(asked).toHaveLength(10);
      expect(end.cost).toEqual(spent(ONE));
    });

    it('is one run’s: another of the same work has its own', async () => {
      const { base } = await startPaths();
      const node = await startIn(mode, [honestCalls]);
      for (const costCap of [1, 2]) {
        const { end } = await run(node, honestCalls, { base, calls: calls(3) }, { costCap });
        expect(end.cost).toEqual(spent(costCap * ONE));
      }
    });
  });
}
