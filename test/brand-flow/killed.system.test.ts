/** Killed with -9 at the other points of every stage: they need no servers, only more time than the unit tests have. */
import { it } from 'vitest';
import { killInStages } from './killed-in-stages.ts';

it.each([
  'items.before_write',
  'items.after_write',
  'commit.before',
  'transaction.before_commit',
  'transaction.after_commit',
  'ack.before',
  'ack.after',
] as const)('a run killed in each of its stages (%s) loses nothing and asks nothing twice that was stored', (point) =>
  killInStages(point),
);

// The other stages have nothing to publish: no step follows them but by the end of their phase.
it.each(['publish.before', 'publish.after'] as const)(
  'a run killed between the commit of rank and the wake-ups of the pages that follow (%s) ends with its report',
  (point) => killInStages(point, [['rank', 1]]),
);
