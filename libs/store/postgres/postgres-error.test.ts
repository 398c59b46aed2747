import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { CatenaError } from '../../errors/catena-error.ts';
import { toPostgresError } from './postgres-error.ts';

const place = 'db.test:5432/catena';

function refusal(sqlState: string): DatabaseError {
  const error = new DatabaseError('the server says no', 0, 'error');
  error.code = sqlState;
  return error;
}

describe('toPostgresError', () => {
  it.each([
    ['08006', 'store.unavailable', 'retryable'],
    ['57P01', 'store.unavailable', 'retryable'],
    ['57P03', 'store.unavailable', 'retryable'],
    ['53300', 'store.unavailable', 'retryable'],
    ['53100', 'store.disk_full', 'retryable'],
    ['58030', 'store.io_error', 'retryable'],
    ['40001', 'store.conflict', 'retryable'],
    ['40P01', 'store.conflict', 'retryable'],
    ['55P03', 'store.conflict', 'retryable'],
    ['57014', 'store.timeout', 'retryable'],
    ['25006', 'store.unwritable', 'retryable'],
    ['42501', 'store.unwritable', 'fatal'],
    ['28P01', 'store.refused', 'fatal'],
    ['3D000', 'store.refused', 'fatal'],
    ['22021', 'store.bad_value', 'fatal'],
    ['XX001', 'store.corrupt', 'fatal'],
    ['42601', 'store.failed', 'fatal'],
  ])('calls %s %s', (sqlState, code, failureClass) => {
    const error = toPostgresError(refusal(sqlState), place);
    expect(error).toMatchObject({ code, class: failureClass, data: { place, sqlState } });
    expect(error.message).toContain(place);
    expect(error.remedy).toBeDefined();
  });

  it.each([
    Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }),
    new Error('Connection terminated unexpectedly'),
    new Error('Query read timeout'),
    new AggregateError([new Error('one'), new Error('other')]),
  ])('takes a broken connection for a server that is away: %s', (thrown) => {
    expect(toPostgresError(thrown, place)).toMatchObject({ code: 'store.unavailable', class: 'retryable' });
  });

  it('leaves our own errors as they are', () => {
    const own = new CatenaError('store.unknown_run', 'no such run');
    expect(toPostgresError(own, place)).toBe(own);
  });
});
