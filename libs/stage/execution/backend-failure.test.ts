import { describe, expect, it } from 'vitest';
import { CatenaError } from '../../errors/catena-error.ts';
import { BackendFailure, isBackendFailure } from './backend-failure.ts';

describe('a failure of the ground', () => {
  it.each(['store.unavailable', 'coordinator.unavailable', 'bus.unavailable', 'grpc.unavailable', 'dispatch.stopped'])(
    'is %s: nothing is decided on it',
    (code) => {
      expect(isBackendFailure(new CatenaError(code, 'it is away'))).toBe(true);
    },
  );

  it('is whatever the engine did not expect', () => {
    expect(isBackendFailure(new TypeError('x is undefined'))).toBe(true);
    expect(isBackendFailure(new BackendFailure('nobody answered'))).toBe(true);
  });

  it.each(['parse.threw', 'download.status', 'module.wrong_item', 'storefront.closed', 'coordinator.invariant_broken'])(
    'is not %s',
    (code) => {
      expect(isBackendFailure(new CatenaError(code, 'the node failed'))).toBe(false);
    },
  );
});
