/** How the time of reading a page grows with its size. */
import { expect } from 'vitest';
import type { HostileShape } from './hostile-shapes.fixture.ts';
import { SourcePage } from './page.ts';

/** What twice the size may cost at most: 2 is linear, 4 is the square. */
const PER_DOUBLING = 2.6;
/** Both sizes are read side by side, so a processor that is slow for a while is slow for both; what grows with the square fails in every round. */
const ROUNDS = 12;
/** Below this the collector of garbage and the compiler say more than the size. */
const LEAST_MS = 3;

/**
 * Reads a shape at a size and at that size doubled so many times, and expects that the time has grown in proportion in one of several
 * rounds. It is the time of this thread on the processor, so what else the machine does hardly matters.
 */
export function expectLinear(shape: HostileShape, chars: number, doublings: number): void {
  const large = chars * 2 ** doublings;
  const [few, many] = [shape.page(chars), shape.page(large)];
  const allowed = PER_DOUBLING ** doublings;
  const rounds: string[] = [];
  cpuMs(() => read(shape, few)); // the compiler's round
  for (let round = 0; round < ROUNDS; round++) {
    const small = Math.max(
      LEAST_MS,
      Math.min(
        cpuMs(() => read(shape, few)),
        cpuMs(() => read(shape, few)),
      ),
    );
    const took = cpuMs(() => read(shape, many));
    if (took < small * allowed) return;
    rounds.push(`${small.toFixed(1)} and ${took.toFixed(1)} ms`);
  }
  expect.fail(
    `${chars} and ${large} characters took ${rounds.join(', ')}: more than ${allowed.toFixed(0)} times as long`,
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

/** Milliseconds of this thread on the processor. */
function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
