/** Clients that ask as fast as they are answered, each over a connection of its own that stays open. */
import { Pool } from 'undici';

export interface Load {
  readonly answersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not 200. */
  readonly refused: number;
}

/** So many clients ask for so long; each next path is the caller's choice. */
export async function ask(url: string, clients: number, forMs: number, nextPath: () => string): Promise<Load> {
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  const times: number[] = [];
  let refused = 0;
  const startMs = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() - startMs < forMs) {
      const askedMs = performance.now();
      const { statusCode, body } = await pool.request({ method: 'GET', path: nextPath() });
      await body.dump();
      times.push(performance.now() - askedMs);
      if (statusCode !== 200) refused += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - startMs) / 1_000;
  await pool.close();
  times.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? NaN;
  return { answersPerSecond: times.length / seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), refused };
}
