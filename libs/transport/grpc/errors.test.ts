import { Status } from 'nice-grpc';
import { Any, ErrorInfo } from 'nice-grpc-error-details';
import { describe, expect, it } from 'vitest';
import { CatenaError } from '../../errors/catena-error.ts';
import { errorFromStatus } from './error-from-status.ts';
import { errorToStatus } from './error-to-status.ts';
import { encodeStatusMessage } from './status-message.ts';
import { statusOfError } from './status-table.ts';

const PATH = '/test.Probe/Read';

function roundTrip(error: CatenaError): CatenaError {
  const { code, details, statusBytes } = errorToStatus(error);
  return errorFromStatus({ path: PATH, code, details, statusBytes });
}

describe('the status of an error', () => {
  it.each([
    ['grpc.unauthenticated', Status.UNAUTHENTICATED],
    ['grpc.permission_denied', Status.PERMISSION_DENIED],
    ['grpc.internal', Status.INTERNAL],
    ['grpc.draining', Status.UNAVAILABLE],
    ['api.stopping', Status.UNAVAILABLE],
    ['api.unknown_run', Status.NOT_FOUND],
    ['module.unknown', Status.NOT_FOUND],
    ['api.invalid_argument', Status.INVALID_ARGUMENT],
    ['module.wrong_input', Status.INVALID_ARGUMENT],
    ['contracts.undecodable', Status.INVALID_ARGUMENT],
    ['api.idempotency_conflict', Status.ALREADY_EXISTS],
    ['api.run_closed', Status.FAILED_PRECONDITION],
    ['download.timeout', Status.DEADLINE_EXCEEDED],
    ['request.too_many', Status.RESOURCE_EXHAUSTED],
    ['dispatch.credit_exceeded', Status.RESOURCE_EXHAUSTED],
    ['limits.aborted', Status.CANCELLED],
    ['store.corrupt', Status.DATA_LOSS],
    ['robots.disallowed', Status.FAILED_PRECONDITION],
    ['grpc.ok', Status.FAILED_PRECONDITION],
    ['nonsense', Status.FAILED_PRECONDITION],
  ])('%s', (code, status) => {
    expect(statusOfError({ code, class: 'fatal' })).toBe(status);
  });

  it('says that another attempt is worth it when nothing else is known', () => {
    expect(statusOfError({ code: 'store.io_error', class: 'retryable' })).toBe(Status.UNAVAILABLE);
  });
});

describe('an error that travels', () => {
  it('loses nothing that fits', () => {
    const error = new CatenaError('store.locked', 'the store is locked — “später”', {
      class: 'retryable',
      data: { path: '/db', issues: [{ path: 'a', message: 'b', got: 'c' }, 'odd'] },
      remedy: 'wait',
      retryAfterMs: 61_250.5,
    });
    const { code, class: failureClass, message, data, remedy, retryAfterMs } = roundTrip(error);
    expect({ code, class: failureClass, message, data, remedy, retryAfterMs }).toEqual({
      code: error.code,
      class: error.class,
      message: error.message,
      data: error.data,
      remedy: error.remedy,
      retryAfterMs: error.retryAfterMs,
    });
  });

  it('is cut to what headers can carry, and keeps the wrong fields', () => {
    const issues = Array.from({ length: 50 }, (_, index) => ({
      path: `f${index}`,
      message: '界'.repeat(5_000),
    }));
    const huge = new CatenaError('api.invalid_argument', '界'.repeat(50_000), {
      data: { issues },
      remedy: '界'.repeat(9_999),
    });
    const { statusBytes, details } = errorToStatus(huge);
    expect(statusBytes.length).toBeLessThan(12 * 1_024);
    expect(encodeURI(details).length).toBeLessThan(10 * 1_024);
    const arrived = roundTrip(huge);
    expect(arrived.code).toBe(huge.code);
    expect((arrived.data.issues as { path: string }[]).map(({ path }) => path)).toEqual(
      issues.slice(0, 10).map(({ path }) => path),
    );
  });

  it('can hold half a character and data that JSON has no word for', () => {
    const arrived = roundTrip(new CatenaError('a.b', 'x\ud800', { data: { size: Number.NaN, fine: '\udc00' } }));
    expect(arrived.message).toBe('x\ufffd');
    expect(arrived.data).toEqual({ size: null, fine: '\udc00' });
  });
});

describe('a failure of a server that is not ours', () => {
  it.each([
    [Status.UNAVAILABLE, 'grpc.unavailable', 'retryable'],
    [Status.DEADLINE_EXCEEDED, 'grpc.deadline_exceeded', 'retryable'],
    [Status.UNIMPLEMENTED, 'grpc.unimplemented', 'fatal'],
    [99 as Status, 'grpc.unknown', 'fatal'],
  ])('%s is %s', (code, ours, failureClass) => {
    const error = errorFromStatus({ path: PATH, code, details: 'why', statusBytes: undefined });
    expect(error).toMatchObject({ code: ours, class: failureClass });
    expect(error.message).toContain(PATH);
    expect(error.message).toContain('why');
  });

  it.each([
    ['text', Buffer.from('not a message')],
    ['nothing', Buffer.alloc(0)],
    ['a length beyond its end', Buffer.from([0x1a, 0xff, 0xff, 0xff, 0x0f, 1])],
    ['an endless number', Buffer.alloc(64, 0xff)],
    ['another domain', foreign('example.org', 'SOME_REASON')],
    ['a code that is none of ours', foreign('catena', 'Some Reason!')],
  ])('does no harm when its details are %s', (_, statusBytes) => {
    const error = errorFromStatus({ path: PATH, code: Status.NOT_FOUND, details: '', statusBytes });
    expect(error).toMatchObject({ code: 'grpc.not_found', class: 'fatal', data: {} });
  });
});

/** Details as another server might send them. */
function foreign(domain: string, reason: string): Uint8Array {
  const value = ErrorInfo.encode(ErrorInfo.fromPartial({ domain, reason })).finish();
  const details = [Any.fromPartial({ typeUrl: `type.googleapis.com/${ErrorInfo.$type}`, value })];
  return encodeStatusMessage({ code: Status.NOT_FOUND, message: 'gone', details });
}
