import { describe, expect, it } from 'vitest';
import { CatenaError } from '../../errors/catena-error.ts';
import { isGroundFailure } from './failing.ts';
import { GroundFailure } from './ground-failure.ts';

describe('a failure of the ground', () => {
  it.each(['store.unavailable', 'coordinator.unavailable', 'bus.unavailable', 'grpc.unavailable', 'dispatch.stopped'])(
    'is %s: nothing is decided on it',
    (code) => {
      expect(isGroundFailure(new CatenaError(code, 'it is away'))).toBe(true);
    },
  );

  it('is whatever the engine did not expect', () => {
    expect(isGroundFailure(new TypeError('x is undefined'))).toBe(true);
    expect(isGroundFailure(new GroundFailure('nobody answered'))).toBe(true);
  });

  it.each(['parse.threw', 'download.status', 'module.wrong_item', 'storefront.closed', 'coordinator.invariant_broken'])(
    'is not %s',
    (code) => {
      expect(isGroundFailure(new CatenaError(code, 'the node failed'))).toBe(false);
    },
  );
});
