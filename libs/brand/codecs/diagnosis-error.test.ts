import { describe, expect, it } from 'vitest';
import { diagnosisError, ERROR_TYPES, typeOfFailure, typeOfStatus } from './diagnosis-error.ts';

describe('B28: the error of a call', () => {
  it('has type, code, message, whether it may pass, and the time', () => {
    expect(diagnosisError('rate_limit', '1302', 'slow down', 0)).toEqual({
      error_type: 'rate_limit',
      error_code: '1302',
      error_message: 'slow down',
      recoverable: true,
      timestamp: '1970-01-01T00:00:00.000Z',
    });
    const final = ERROR_TYPES.filter((type) => !diagnosisError(type, '', '', 0).recoverable);
    expect(final).toEqual([
      ...['invalid_key', 'quota', 'content_safety', 'refused', 'invalid_request', 'unknown_model'],
      ...['context_too_long', 'cost_cap'],
    ]);
  });

  it('survives a journey through JSON, and never repeats a key', () => {
    const error = diagnosisError('invalid_key', '', 'Incorrect API key provided: sk-abc123456789. Bearer xyz', 5);
    expect(JSON.parse(JSON.stringify(error))).toEqual(error);
    expect(error.error_message).toBe('Incorrect API key provided: [key]. [key]');
    expect(error.error_code).toBe('invalid_key');
    const google = diagnosisError('invalid_key', '', `API key AIza${'x'.repeat(35)} expired`, 5);
    expect(google.error_message).toBe('API key [key] expired');
  });

  it.each([
    [401, '', '', 'invalid_key'],
    [402, '', 'Insufficient Balance', 'quota'],
    [403, 'AllocationQuota.FreeTierOnly', '', 'quota'],
    [400, 'data_inspection_failed', '', 'content_safety'],
    [400, '', '系统检测到敏感内容', 'content_safety'],
    [400, 'InvalidParameter', '', 'invalid_request'],
    [404, '', 'model not found', 'unknown_model'],
    [404, '', 'no such page', 'invalid_request'],
    [429, 'insufficient_quota', '', 'quota'],
    [429, '', '', 'rate_limit'],
    [500, '', '', 'server'],
    [503, '', '', 'unavailable'],
    [529, 'overloaded_error', '', 'overloaded'],
    [504, '', '', 'timeout'],
  ] as const)('is told from status %i with code "%s": %s %s', (status, code, message, type) => {
    expect(typeOfStatus(status, code, message)).toBe(type);
  });

  it.each([
    ['deadline_exceeded', 'deadline_exceeded'],
    ['download.body_timeout', 'timeout'],
    ['download.dns', 'network'],
    ['download.reset', 'network'],
    ['parse.not_json', 'parse'],
    ['breaker.open', 'circuit_open'],
    ['something.else', 'unknown'],
  ] as const)('is told from the engine’s code %s', (code, type) => {
    expect(typeOfFailure(code, '')).toBe(type);
  });

  it('is told from the status of a failed download first', () => {
    expect(typeOfFailure('download.status', '', 429)).toBe('rate_limit');
  });
});
