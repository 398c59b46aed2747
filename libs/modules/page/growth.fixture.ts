/** How the time of reading a page grows with its size. */
import { expect } from 'vitest';
import type { HostileShape } from './hostile-shapes.fixture.ts';
import { SourcePage } from './page.ts';

/** What twice the size may cost at most: 2 is linear, 4 is the square. */
const PER_DOUBLING = 2.6;
const ROUNDS = 4;
/** The large page has more rounds if it needs them: the collector of garbage stops each of them, and what grows with the square is slow in all. */
const ROUNDS_AT_MOST = 12;
/** Below this the collector of garbage and the compiler say more than the size. */
const LEAST_MS = 3;

/**
 * Reads a shape at a size and at that size doubled so many times, and expects that the time has grown in proportion. It is the time of
 * this thread on the processor, the best of several rounds, so what else the machine does hardly matters.
 */
export function expectLinear(shape: HostileShape, chars: number, doublings: number): void {
  const large = chars * 2 ** doublings;
  const [few, many] = [shape.page(chars), shape.page(large)];
  const small = Math.max(
    LEAST_MS,
    bestOf(ROUNDS, () => read(shape, few)),
  );
  const allowed = small * PER_DOUBLING ** doublings;
  const took = bestOf(ROUNDS_AT_MOST, () => read(shape, many), allowed);
  expect(took, `${small.toFixed(1)} ms at ${chars} characters, ${took.toFixed(1)} ms at ${large}`).toBeLessThan(
    allowed,
  );
}

function read({ markup, read }: HostileShape, text: string): void {
  const headers = { 'content-type': markup === 'xml' ? 'text/xml' : 'text/html' };
  const page = new SourcePage(
    { url: 'https://a.test/', status: 200, headers, body: Buffer.from(text) },
    markup ?? 'fast',
  );
  try {
    read(page.$, page);
  } catch (error) {
    // A refusal is an answer too, if it comes in time.
    if ((error as { code?: string }).code !== 'parse.too_large') throw error;
  }
}

/** The least time in milliseconds; no further rounds once it is below `enough`. */
function bestOf(rounds: number, work: () => void, enough = 0): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds && best > enough; round++) {
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}
