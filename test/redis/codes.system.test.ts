/** Every return code of every script is answered in a test: the tour, and what only happens between two processes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCRIPTS } from '../../libs/coordination/redis/index.ts';
import { type RedisServer, startRedisServer } from '../fixtures/servers/redis-server.ts';
import { BETWEEN_TWO } from './between-two.ts';
import { connectTo, openRedisHarness } from './harness.ts';
import { TOUR } from './tour.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server?.stop());

/** Of the codes of readers, the one that only this script answers. */
const UNKNOWN_READER = 'run_read';

function promised(): string[] {
  return SCRIPTS.flatMap(({ name, table, codes }) =>
    Object.entries(codes)
      .filter(([code]) => table !== 'LookCode' || code === 'FOUND' || name === UNKNOWN_READER)
      .map(([code, number]) => `${name} ${number} ${code}`),
  );
}

describe('the codes of the scripts', () => {
  it('are all answered by the tour', async () => {
    const seen = new Set<string>();
    const names = new Map(SCRIPTS.map(({ name, codes }) => [name, codes]));
    const onScript = (script: string, code: number) => {
      const [codeName = 'unnamed'] =
        Object.entries(names.get(script) ?? {}).find(([, number]) => number === code) ?? [];
      seen.add(`${script} ${code} ${codeName}`);
    };
    const open = () => openRedisHarness(() => connectTo(server.port), { onScript });
    for (const play of Object.values(TOUR)) await play(open);
    for (const play of Object.values(BETWEEN_TWO)) await play(open);
    expect(promised().filter((code) => !seen.has(code))).toEqual([]);
    const unpromised = [...seen].filter((code) => code.endsWith(' unnamed') && !/ -[12] /.test(code));
    expect(unpromised).toEqual([]);
    expect([...seen].filter((code) => code.includes(' -1 ')).length, 'another layout').toBeGreaterThan(0);
    expect([...seen].filter((code) => code.includes(' -2 ')).length, 'an unknown run').toBeGreaterThan(0);
  });
});
