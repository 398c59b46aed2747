import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hopBranch, type NodeIdentity, ptmKey, requestBranch } from './ptm-key.ts';

const RUN = '01941f29-7c00-7000-8000-000000000001';
const hop: NodeIdentity = {
  kind: 'hop',
  runId: RUN,
  account: 'acme',
  platform: 'shop.test',
  moduleId: 'shop@1.0.0',
  stepIdx: 0,
  prefixRequest: '',
  branch: hopBranch({ page: 1 }),
};

describe('ptm_key', () => {
  // The expected strings were computed by another program from the format in the file's head.
  it('has the golden value of a hop whose branch is its state', () => {
    expect(hopBranch({ page: 1 })).toBe('state:cPsBhViNLnZUVKeSfyeSritvqiUWeB3raYZCRuCAPQU');
    expect(ptmKey(hop)).toBe('f1TcbY95UlTStRTeSvga7Y7pc_QoSCE3Fdx1KoBmu1k');
  });

  it('has the golden value of a request', () => {
    const branch = requestBranch('f1TcbY95UlTStRTeSvga7Y7pc_QoSCE3Fdx1KoBmu1k', 0);
    expect(branch).toBe('f1TcbY95UlTStRTeSvga7Y7pc_QoSCE3Fdx1KoBmu1k:0');
    expect(ptmKey({ ...hop, kind: 'request', branch })).toBe('uZf3kJZXKwyo8my3hHW521Wej9t6h5m-jyqBUqWRU3s');
  });

  it('has the golden value of a keyed hop with text beyond ASCII, whose lengths are counted in bytes', () => {
    const branch = hopBranch({}, 'ß:1,');
    expect(branch).toBe('key:ß:1,');
    const key = ptmKey({ ...hop, account: 'müller', platform: '平台', stepIdx: -1, prefixRequest: 'pr', branch });
    expect(key).toBe('XvE1y1L7U7FWqTNI_jNI1bmWfnlFXhLrgzL0_rF9zvI');
  });

  it('has the golden value of a node without account and platform', () => {
    const bare = { ...hop, runId: 'r', account: '', platform: '', moduleId: 'm@1', stepIdx: 12, branch: 'key:k' };
    expect(ptmKey(bare)).toBe('eIQMWtx3CZ81OWdakoQmn09KJtieAUtBq8HKxv2ReF4');
  });

  it('differs whenever any field differs, wherever the boundary between two texts lies', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ':', ',', '1', 'é'), maxLength: 6 });
    const identity = fc.record({
      kind: fc.constantFrom('hop' as const, 'request' as const),
      runId: text,
      account: text,
      platform: text,
      moduleId: text,
      stepIdx: fc.integer({ min: -1, max: 20 }),
      prefixRequest: text,
      branch: text,
    });
    fc.assert(
      fc.property(identity, identity, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(ptmKey(one) === ptmKey(other)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
    expect(ptmKey({ ...hop, account: 'ab', platform: 'c' })).not.toBe(ptmKey({ ...hop, account: 'a', platform: 'bc' }));
  });

  it('is a file-name-safe text of 43 characters', () => {
    expect(ptmKey(hop)).toMatch(/^[\w-]{43}$/);
  });

  it('refuses text with a lone surrogate, which would collide with other such text', () => {
    expect(() => ptmKey({ ...hop, account: '\ud800' })).toThrow(
      expect.objectContaining({ code: 'keys.malformed_text' }),
    );
  });
});

describe('the branch of a hop', () => {
  it('does not depend on the order in which the state was written', () => {
    expect(hopBranch({ a: 1, b: { c: 2, d: 3 } })).toBe(hopBranch({ b: { d: 3, c: 2 }, a: 1 }));
  });

  it('never takes an author’s key for the hash of a state', () => {
    const byState = hopBranch({ page: 1 });
    expect(hopBranch({ page: 1 }, byState)).not.toBe(byState);
    expect(hopBranch({ page: 1 }, byState.slice('state:'.length))).not.toBe(byState);
  });

  it('ignores the state when the author gives a key', () => {
    expect(hopBranch({ page: 1 }, 'k')).toBe(hopBranch({ page: 2 }, 'k'));
  });

  it('refuses an empty key, which would make all hops of the step one', () => {
    expect(() => hopBranch({}, '')).toThrow(expect.objectContaining({ code: 'keys.empty_key', class: 'fatal' }));
  });

  it('refuses a state that is not JSON', () => {
    expect(() => hopBranch({ since: new Date(0) })).toThrow(expect.objectContaining({ code: 'keys.not_json' }));
  });
});
