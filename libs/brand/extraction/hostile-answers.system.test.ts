/** The sizes that the unit tests leave out. */
import { describe, it } from 'vitest';
import { expectProportion, UNITS } from './hostile-answers.fixture.ts';

describe('hostile answers', () => {
  it.each(UNITS)('of a megabyte of %j take steps in proportion to their length', (unit) => {
    expectProportion(unit, 1_000_000);
  });
});
