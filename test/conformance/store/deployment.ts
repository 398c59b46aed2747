import { describe, expect, it } from 'vitest';
import { MAX_FOREIGN_BYTES, MAX_FOREIGN_MESSAGES } from '../../../libs/store/port.ts';
import type { OpenWith } from './harness.ts';

/** What belongs to no run. */
export function describeDeployment(name: string, open: OpenWith): void {
  describe(`${name} store: accounts`, () => {
    it('are kept by account and platform, the last one put', async () => {
      const { store } = await open();
      const account = { account: 'acme', platform: 'web', login: { user: 'ß', tokens: [1, null] }, updatedAtMs: 1_000 };
      expect(await store.getAccount('acme', 'web')).toBeUndefined();
      await store.putAccount({ ...account, login: 'old' });
      await store.putAccount(account);
      await store.putAccount({ ...account, platform: 'app', login: null });
      expect(await store.getAccount('acme', 'web')).toEqual(account);
      expect(await store.getAccount('acme', 'app')).toEqual({ ...account, platform: 'app', login: null });
      expect(await store.getAccount('other', 'web')).toBeUndefined();
    });
  });

  describe(`${name} store: foreign messages`, () => {
    const bytes = new Uint8Array([0, 255, 10]);

    it('are kept as they came, the newest first, whatever they hold', async () => {
      const { store } = await open();
      await store.keepForeignMessage({ subject: 'chain.x', reason: 'not understood', bytes, atMs: 1 });
      await store.keepForeignMessage({
        subject: 'chain.\u0000',
        reason: '\u0000\ud800',
        bytes: new Uint8Array(),
        atMs: 2,
      });
      const [second, first, ...more] = await store.listForeignMessages(10);
      expect(first).toEqual({ subject: 'chain.x', reason: 'not understood', bytes, atMs: 1 });
      expect([second?.bytes.length, second?.atMs, more]).toEqual([0, 2, []]);
      expect(await store.listForeignMessages(1)).toHaveLength(1);
    });

    it('are cut, and only so many are kept', async () => {
      const { store } = await open();
      await store.keepForeignMessage({ subject: 's', reason: 'r', bytes: new Uint8Array(100_000), atMs: 1 });
      expect((await store.listForeignMessages(1))[0]!.bytes.length).toBe(MAX_FOREIGN_BYTES);
      for (let kept = 0; kept < MAX_FOREIGN_MESSAGES; kept += 500) {
        const message = (n: number) => ({ subject: 's', reason: 'r', bytes, atMs: kept + n + 2 });
        await Promise.all(Array.from({ length: 500 }, (_, n) => store.keepForeignMessage(message(n))));
      }
      const all = await store.listForeignMessages(MAX_FOREIGN_MESSAGES + 1);
      expect(all).toHaveLength(MAX_FOREIGN_MESSAGES);
      expect(all.some(({ atMs }) => atMs === 1)).toBe(false);
    });

    it('keeps one contract per module id: the first, until it is replaced by whoever knows it', async () => {
      const { store } = await open();
      const first = { moduleId: 'shop@1.0.0', contract: '{"a":1}', code: 'x' };
      const second = { ...first, contract: '{"a":2}' };
      expect(await store.keepContract(first)).toEqual(first);
      expect(await store.keepContract(second)).toEqual(first);
      expect(await store.replaceContract(second, first)).toBe(false);
      expect(await store.replaceContract(first, second)).toBe(true);
      expect(await store.keepContract(first)).toEqual(second);
      const other = { ...first, moduleId: 'shop@2.0.0' };
      expect(await store.keepContract(other)).toEqual(other);
    });
  });
}
