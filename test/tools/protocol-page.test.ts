import { describe, expect, it } from 'vitest';
import { TRANSITIONS } from '../../libs/coordination/protocol/port.ts';
import { parseGroup, problemsOf, readGroups, tableOf } from './protocol-page.ts';

const SOURCE = `/** How things are kept. */
import type { Thing } from './thing.ts';

/** What \`keep\` answers. */
export const KeepCode = {
  /** It is kept. Caller: goes on. */
  KEPT: 0,
  /**
   * Somebody else keeps it,
   * for long.
   * Caller: waits.
   */
  REFUSED: 1,
} as const;

export interface KeepTransitions {
  /**
   * Keeps a thing, at most {@link MAX_THINGS}.
   *
   * - Requires: a thing.
   * - Refuses: REFUSED when somebody
   *   else has it.
   * - Changes: it is kept.
   * - Answers: KEPT.
   * - Again: KEPT.
   */
  keep(thing: Thing): Promise<number>;
}
`;

const TABLE = (method: string) => (method === 'keep' ? 'KeepCode' : undefined);
const problemsWithout = (text: string, instead = '') =>
  problemsOf(parseGroup('keeping', SOURCE.replace(text, instead)), TABLE);

describe('the definitions of a group', () => {
  it('are read with what they say', () => {
    const group = parseGroup('keeping', SOURCE);
    expect(group.summary).toBe('How things are kept.');
    expect(group.tables.get('KeepCode')).toEqual([
      { name: 'KEPT', number: '0', means: 'It is kept.', caller: 'goes on.' },
      { name: 'REFUSED', number: '1', means: 'Somebody else keeps it, for long.', caller: 'waits.' },
    ]);
    expect(group.transitions).toEqual([
      {
        method: 'keep',
        summary: 'Keeps a thing, at most `MAX_THINGS`.',
        parts: [
          { label: 'Requires', text: 'a thing.' },
          { label: 'Refuses', text: 'REFUSED when somebody else has it.' },
          { label: 'Changes', text: 'it is kept.' },
          { label: 'Answers', text: 'KEPT.' },
          { label: 'Again', text: 'KEPT.' },
        ],
      },
    ]);
    expect(problemsOf(group, TABLE)).toEqual([]);
  });

  it('say what each code means and what its caller does', () => {
    expect(problemsWithout(' Caller: goes on.')).toEqual(['KeepCode.KEPT does not say what its caller does']);
    expect(problemsWithout('  /** It is kept. Caller: goes on. */\n')).toEqual([
      'KeepCode.KEPT does not say what it means',
      'KeepCode.KEPT does not say what its caller does',
    ]);
  });

  it('say all that a transition must say, of its own codes', () => {
    expect(problemsWithout('   * - Again: KEPT.\n')).toEqual([
      'keep says Requires,Refuses,Changes,Answers instead of Requires,Refuses,Changes,Answers,Again',
    ]);
    expect(problemsWithout('REFUSED when', 'nothing when')).toEqual(['keep does not say when it answers REFUSED']);
    expect(problemsWithout('it is kept.', 'LOST.')).toEqual(['keep names LOST, which it does not answer']);
  });

  it('of the protocol leave nothing out', async () => {
    const groups = await readGroups();
    expect(groups.flatMap((group) => problemsOf(group, tableOf))).toEqual([]);
    const methods = groups.flatMap(({ transitions }) => transitions.map(({ method }) => method));
    expect(methods.sort()).toEqual(Object.keys(TRANSITIONS).sort());
    const codes = groups.flatMap(({ tables }) => [...tables.values()].flat());
    expect(codes.length).toBe(Object.values(TRANSITIONS).flatMap(([, table]) => Object.keys(table)).length);
  });
});
