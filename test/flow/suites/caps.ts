/** The caps of a run, in either mode: a crawl without an end ends well, with as much as was asked for. */
import { describe, expect, it } from 'vitest';
import type { Caps } from '../../../libs/contracts/caps.ts';
import { startServer } from '../../../services/downloader/http/loopback.fixture.ts';
import { ended, type FlowMode, run, startIn, submit } from '../../fixtures/flow.ts';
import { endless } from '../../fixtures/modules/endless.ts';
import { itemsReach } from './resume.ts';

const PAGE = 'x'.repeat(1_000);

export interface CapsOptions {
  /** Whether items are stored with their commit, so that not one is too many. */
  readonly isExact: boolean;
}

export function describeCaps(mode: FlowMode, { isExact }: CapsOptions): void {
  const startEndless = async () => {
    const { origin, seen } = await startServer((_, response) => response.end(PAGE));
    return { origin, seen, node: await startIn(mode, [endless]) };
  };
  const crawl = async (caps: Caps, input: object = {}) => {
    const { origin, seen, node } = await startEndless();
    return { ...(await run(node, endless, { base: origin, ...input }, { caps })), seen };
  };

  describe('a crawl without an end', () => {
    it('makes exactly as many requests as it may, and reports on their pages', async () => {
      const { end, items, deadLetters, seen } = await crawl({ pages: 25 });
      expect(seen).toHaveLength(25);
      expect(end).toMatchObject({ finishReason: 'capped', dead: 0, items: 76 });
      expect(end.detail).toMatch(/^25 of 25 pages; \d+ hops and requests were left out$/);
      expect(items).toContainEqual({ rows: 75, failures: 0 });
      expect(deadLetters).toEqual([]);
    });

    it('goes no deeper than it may', async () => {
      const { end, seen, items } = await crawl({ depth: 3 });
      expect(seen.map(({ url }) => Number(url?.slice(3))).sort((one, other) => one - other)).toEqual(
        Array.from({ length: 15 }, (_, n) => n + 1),
      );
      expect(end).toMatchObject({ finishReason: 'capped', detail: 'depth 3; 16 hops and requests were left out' });
      expect(items).toContainEqual({ rows: 45, failures: 0 });
    });

    it('at depth 0 asks for the pages that the start yields', async () => {
      const { seen, end } = await crawl({ depth: 0 });
      expect(seen.map(({ url }) => url)).toEqual(['/p/1']);
      expect(end.finishReason).toBe('capped');
    });

    it('stores as many items as it may, and begins nothing more', async () => {
      const { end, items, deadLetters, seen } = await crawl({ items: 100 });
      expect(end).toMatchObject({ finishReason: 'capped', dead: 0, items: items.length });
      expect(end.capUse).toMatchObject({ items: items.length, reached: ['items'] });
      expect(end.detail).toContain(`${items.length} of 100 items`);
      if (isExact) expect(items).toHaveLength(100);
      else expect(items.length).toBeGreaterThanOrEqual(100);
      // What was under way when the cap was reached, and no more.
      expect(items.length).toBeLessThanOrEqual(3 * seen.length);
      expect(deadLetters).toEqual([]);
    });

    it('downloads as much as it may and what was under way, and reports on it', async () => {
      const { end, items, seen } = await crawl({ bytes: 20_000 });
      expect(end).toMatchObject({ finishReason: 'capped', dead: 0 });
      const { bytes } = end.capUse!;
      expect(bytes).toBeGreaterThanOrEqual(20_000);
      expect(bytes).toBe(1_000 * seen.length);
      expect(items).toContainEqual({ rows: 3 * seen.length, failures: 0 });
    });

    it('that is stopped and started again counts what it had', async () => {
      const { origin, seen } = await startServer((_, response) => response.end(PAGE));
      const place = await mode.newPlace();
      const first = await place.start([endless]);
      const caps = { pages: 300 };
      const runId = await submit(first, endless, { base: origin }, { caps });
      await itemsReach(first, runId, 30);
      await first.stop();
      const second = await place.start([endless]);
      const { end, items } = await ended(second, runId);
      expect(new Set(seen.map(({ url }) => url)).size).toBe(300);
      expect(end).toMatchObject({ finishReason: 'capped', items: 901, capUse: { pages: 300 } });
      expect(items).toContainEqual({ rows: 900, failures: 0 });
    });

    it('names the caps that were reached, and no others', async () => {
      const { end } = await crawl({ pages: 1_000, depth: 2, items: 1_000, bytes: 1e9 });
      expect(end).toMatchObject({ finishReason: 'capped', capUse: { pages: 7, items: 22, reached: ['depth'] } });
    });
  });
}
