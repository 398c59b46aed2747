import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../../libs/store/port.ts';
import { END, letter, newRun, type OpenWith, records } from './harness.ts';

/** Paging through dead letters, and discarding them. */
export function describeLetters(name: string, open: OpenWith): void {
  const openWith = async (...letters: readonly DeadLetter[]) => {
    const { store } = await open(newRun('r'), newRun('other'));
    await store.closeRun('r', END, records(letters));
    await store.closeRun('other', END, records([letter('a', { runId: 'other' })]));
    return store;
  };
  const nodeIds = (letters: readonly DeadLetter[]) => letters.map(({ nodeId }) => nodeId);

  describe(`${name} store: dead letters`, () => {
    it('are read page by page, in the order of their nodes', async () => {
      const store = await openWith(letter('c'), letter('a'), letter('d'), letter('b'));
      expect(nodeIds(await store.listDeadLetters('r', { limit: 3 }))).toEqual(['a', 'b', 'c']);
      expect(nodeIds(await store.listDeadLetters('r', { limit: 3, after: 'c' }))).toEqual(['d']);
      expect(nodeIds(await store.listDeadLetters('r', { limit: 3, after: 'd' }))).toEqual([]);
      expect(nodeIds(await store.listDeadLetters('r'))).toEqual(['a', 'b', 'c', 'd']);
    });

    it('are discarded by node, of one run, once', async () => {
      const store = await openWith(letter('a'), letter('b'), letter('c'));
      expect(await store.discardDeadLetters('r', ['a', 'c', 'unknown'])).toBe(2);
      expect(await store.discardDeadLetters('r', ['a'])).toBe(0);
      expect(await store.discardDeadLetters('r', [])).toBe(0);
      expect(nodeIds(await store.listDeadLetters('r'))).toEqual(['b']);
      expect(nodeIds(await store.listDeadLetters('other'))).toEqual(['a']);
    });

    it('stay discarded when the run is closed again, unless their node died once more', async () => {
      const store = await openWith(letter('a'), letter('b'), letter('c'));
      await store.discardDeadLetters('r', ['a', 'b']);
      const again = [letter('a'), letter('b', { epoch: 2 }), letter('c')];
      for (let times = 0; times < 2; times++) {
        await store.closeRun('r', END, records(again));
        expect(await store.listDeadLetters('r')).toEqual([letter('b', { epoch: 2 }), letter('c')]);
      }
    });
  });
}
