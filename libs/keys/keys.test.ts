import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chainKeys, dueMembers, shardOf, sharedKeys } from './keys.ts';

const RUN = '01941f29-7c00-7000-8000-000000000001';
const MODULE = 'shop@1.0.0';
const NODE = 'f1TcbY95UlTStRTeSvga7Y7pc_QoSCE3Fdx1KoBmu1k';

describe('keys', () => {
  it.each([
    [chainKeys.run(15, RUN), `chain:{s15}:run:${RUN}`],
    [chainKeys.execution(15, RUN, MODULE), `chain:{s15}:exec:${RUN}:shop@1.0.0`],
    [chainKeys.node(0, NODE), `chain:{s00}:ptm:${NODE}`],
    [chainKeys.fallbackGate(9, RUN, MODULE), `chain:{s09}:gate:fallback:${RUN}:shop@1.0.0`],
    [chainKeys.plan(1, RUN), `chain:{s01}:plan:${RUN}`],
    [chainKeys.nodes(1, RUN), `chain:{s01}:nodes:${RUN}`],
    [chainKeys.timeline(1, RUN), `chain:{s01}:timeline:${RUN}`],
    [chainKeys.reorderBuffer(1, RUN), `chain:{s01}:reorder:${RUN}`],
    [chainKeys.shardDue(10), 'chain:{s10}:due'],
    [chainKeys.phaseDue(10, RUN, MODULE, 2), `chain:{s10}:due:${RUN}:shop@1.0.0:2`],
    [chainKeys.staged(10, NODE, '1.7.ab'), `chain:{s10}:staged:${NODE}:1.7.ab`],
    [chainKeys.events(10), 'chain:{s10}:events'],
    [sharedKeys.rateLimit('shop.test'), 'chain:limit:shop.test'],
    [sharedKeys.rateLimit('shop.test:8080'), 'chain:limit:shop.test%3A8080'],
    [sharedKeys.breaker('shop.test'), 'chain:breaker:shop.test'],
    [sharedKeys.breakerIndex(), 'chain:breakers'],
    [sharedKeys.budget(RUN), `chain:budget:${RUN}`],
    [sharedKeys.budget('a b:{c}'), 'chain:budget:a%20b%3A%7Bc%7D'],
    [sharedKeys.cookies(RUN, ''), `chain:cookies:${RUN}:`],
    [sharedKeys.cookies(RUN, 'a:b'), `chain:cookies:${RUN}:a%3Ab`],
    [sharedKeys.cookieSessions(RUN), `chain:cookies:${RUN}`],
    [sharedKeys.seen(`module ${MODULE}`), 'chain:seen:module%20shop@1.0.0'],
  ])('%s is pinned', (built, golden) => {
    expect(built).toBe(golden);
  });

  it('escapes what could pass for a separator or a hash tag, in UTF-8', () => {
    expect(sharedKeys.seen('a:b{c}%\n\u00a0é')).toBe('chain:seen:a%3Ab%7Bc%7D%25%0A%C2%A0é');
  });

  it('builds different keys for different addresses', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ':', '%', '3', 'A', '\ud800', '\udc01', 'é'), maxLength: 5 });
    fc.assert(
      fc.property(text, text, text, text, (run, module, otherRun, otherModule) => {
        const same = run === otherRun && module === otherModule;
        expect(chainKeys.execution(0, run, module) === chainKeys.execution(0, otherRun, otherModule)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps the shard as the only hash tag, whatever the names', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (run, module) => {
        expect(chainKeys.phaseDue(7, run, module, 0).match(/[{}]/g)).toEqual(['{', '}']);
        expect(chainKeys.phaseDue(7, run, module, 0)).toMatch(/^chain:\{s07\}:/);
      }),
    );
  });
});

describe('members of a shard’s due set', () => {
  it.each([
    [dueMembers.run(RUN), RUN],
    [dueMembers.module(RUN, MODULE), `${RUN}:shop@1.0.0`],
    [dueMembers.phase(RUN, MODULE, 2), `p:${RUN}:shop@1.0.0:2`],
    [dueMembers.phase('a:b', 'c d', 0), 'p:a%3Ab:c%20d:0'],
  ])('%s is pinned', (built, golden) => {
    expect(built).toBe(golden);
  });

  it('tell what they name, whatever the names', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, fc.nat(), (runId, moduleId, phase) => {
        const at = { runId, moduleId, phase };
        expect(dueMembers.parse(dueMembers.phase(runId, moduleId, phase))).toEqual({ kind: 'phase', ...at });
        expect(dueMembers.parse(`d:${dueMembers.module(runId, moduleId)}:${phase}`)).toEqual({
          kind: 'deadline',
          ...at,
        });
        expect(dueMembers.parse(`e:${dueMembers.module(runId, moduleId)}`)).toEqual({ kind: 'early', runId, moduleId });
        expect(dueMembers.parse(`r:${dueMembers.run(runId)}`)).toEqual({ kind: 'run', runId });
      }),
    );
  });

  it('that no script writes name nothing', () => {
    expect(dueMembers.parse('x:y')).toBeUndefined();
    expect(dueMembers.parse('')).toBeUndefined();
  });
});

describe('the shard of a run', () => {
  it.each([
    [RUN, 15],
    ['01941f29-7c00-7000-8000-000000000002', 2],
    ['01941f29-7c00-7000-8000-000000000003', 5],
    ['', 5],
  ])('of %j is pinned: %i of 16', (runId, shard) => {
    expect(shardOf(runId, 16)).toBe(shard);
  });

  it('is 0 when there is only one', () => {
    expect(shardOf(RUN, 1)).toBe(0);
  });

  it('spreads runs evenly', () => {
    const runs = new Array<number>(16).fill(0);
    for (let n = 0; n < 16_000; n += 1) {
      const shard = shardOf(`01941f29-7c00-7000-8000-${n.toString(16).padStart(12, '0')}`, 16);
      runs[shard] = (runs[shard] ?? 0) + 1;
    }
    expect(Math.min(...runs)).toBeGreaterThan(800);
    expect(Math.max(...runs)).toBeLessThan(1_200);
  });
});
