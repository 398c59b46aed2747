/** What a cookie store of cookies is, whatever keeps its state. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CookieStore } from '../../libs/limits/cookies.ts';

export interface CookieStoreHarness {
  readonly cookieStore: CookieStore;
  /** Another process, or the same one after a restart, on the same state. */
  another(): Promise<CookieStore>;
  close(): Promise<void>;
}

/** A session's name is the author's. */
const OWN = { runId: 'run % {1}:a', session: '' };
const NAMED = { runId: OWN.runId, session: 'buyer:{1} é' };

export function describeCookieStore(name: string, open: () => Promise<CookieStoreHarness>): void {
  describe(`a cookie store of cookies on ${name}`, () => {
    let harness: CookieStoreHarness;
    let cookieStore: CookieStore;
    const texts = async (of = OWN, from = cookieStore) => Object.fromEntries((await from.read(of, ''))?.cookies ?? []);
    const write = (changes: Record<string, string>, of = OWN, to = cookieStore) =>
      to.write(of, new Map(Object.entries(changes)));

    beforeEach(async () => {
      harness = await open();
      cookieStore = harness.cookieStore;
    });
    afterEach(() => harness.close());

    it('has nothing until something is put there', async () => {
      expect(await cookieStore.read(OWN, '')).toBeUndefined();
      await write({ 'shop.test;/;a': '1' });
      expect(await texts()).toEqual({ 'shop.test;/;a': '1' });
    });

    it('keeps each cookie by itself: others put at the same time are not lost', async () => {
      const other = await harness.another();
      const ids = Array.from({ length: 40 }, (_, at) => `shop.test;/;c${at}`);
      await Promise.all(
        ids.map((id, at) => write({ [id]: `${at}`, 'shop.test;/;same': id }, OWN, at % 2 ? cookieStore : other)),
      );
      const found = await texts();
      expect(Object.keys(found)).toHaveLength(41);
      for (const [at, id] of ids.entries()) expect(found[id]).toBe(`${at}`);
    });

    it('puts a cookie in the place of the one with its id, and takes away what is empty', async () => {
      await write({ a: '1', b: '2' });
      await write({ a: '3', b: '', never: '' });
      expect(await texts()).toEqual({ a: '3' });
      await write({ a: '' });
      expect(await texts()).toEqual({});
    });

    it('answers only what has changed since', async () => {
      await write({ a: '1' });
      const first = await cookieStore.read(OWN, '');
      expect(await cookieStore.read(OWN, first!.version)).toBeUndefined();
      await write({ b: '2' }, OWN, await harness.another());
      const second = await cookieStore.read(OWN, first!.version);
      expect(second?.cookies.size).toBe(2);
      expect(second?.version).not.toBe(first!.version);
    });

    it('is the same for another process', async () => {
      await write({ a: '{"key":"a","value":"é\\u0000"}' });
      expect(await texts(OWN, await harness.another())).toEqual(await texts());
    });

    it('keeps sessions and runs apart, and forgets all sessions of one run', async () => {
      const elsewhere = { runId: 'other', session: '' };
      for (const of of [OWN, NAMED, elsewhere]) await write({ a: of.session }, of);
      await write({ b: 'x' }, NAMED);
      expect(Object.keys(await texts(NAMED)).sort()).toEqual(['a', 'b']);
      await cookieStore.forget(OWN.runId);
      await cookieStore.forget('unknown');
      const kept = (await cookieStore.read(NAMED, ''))?.cookies.size ?? 0;
      expect([kept, await texts(), (await cookieStore.read(elsewhere, '')) !== undefined]).toEqual([0, {}, true]);
    });

    it('says that it was emptied to whoever knew more', async () => {
      await write({ a: '1' });
      const before = await cookieStore.read(OWN, '');
      await cookieStore.forget(OWN.runId);
      expect(await cookieStore.read(OWN, before!.version)).toEqual({ version: '', cookies: new Map() });
    });
  });
}
