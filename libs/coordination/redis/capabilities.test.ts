import { describe, expect, it } from 'vitest';
import { problemsOf, type RedisFacts } from './capabilities.ts';

const GOOD: RedisFacts = {
  version: '7.0.15',
  maxmemoryPolicy: 'noeviction',
  appendonly: 'yes',
  appendfsync: 'everysec',
};

const levelsOf = (facts: Partial<RedisFacts>) =>
  problemsOf({ ...GOOD, ...facts }).map(({ level, problem }) => `${level}: ${problem.split(':')[0]}`);

describe('what a Redis must be able to do', () => {
  it('is no problem of one that is as it should be', () => {
    expect(problemsOf(GOOD)).toEqual([]);
    expect(levelsOf({ version: '6.2.0', appendfsync: 'always' })).toEqual([]);
    expect(levelsOf({ version: '10.1' })).toEqual([]);
  });

  it.each(['6.0.16', '5.0.7', undefined, 'unknown'])('is fatal to lack: version %s', (version) => {
    expect(levelsOf({ version })).toEqual([`fatal: Redis is version ${version ?? 'unknown'}`]);
  });

  it('is fatal to lack: memory that evicts nothing', () => {
    expect(levelsOf({ maxmemoryPolicy: 'allkeys-lru' })).toEqual(['fatal: maxmemory-policy is allkeys-lru']);
  });

  it('says what would be lost without persistence', () => {
    expect(levelsOf({ appendonly: 'no' })).toEqual(['loss: appendonly is no']);
    expect(levelsOf({ appendfsync: 'no' })).toEqual(['loss: appendfsync is no']);
  });

  it('says what could not be read instead of taking it for granted', () => {
    expect(levelsOf({ maxmemoryPolicy: undefined, appendonly: undefined })).toEqual([
      'loss: maxmemory-policy is not readable',
      'loss: appendonly is not readable',
    ]);
  });

  it('names a remedy for each problem', () => {
    const problems = problemsOf({
      version: '1.0',
      maxmemoryPolicy: 'volatile-ttl',
      appendonly: 'no',
      appendfsync: undefined,
    });
    expect(problems.map(({ remedy }) => remedy.length > 0)).toEqual([true, true, true]);
  });
});
