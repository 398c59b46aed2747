import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ChainNode } from '../coordination/protocol/node.ts';
import type { Emission } from '../modules/contract/definition.ts';
import { computeStep, defineModule, fetchStep } from '../modules/index.ts';
import { hopSeed, openerSeed, requestSeed, startSeed } from './seeds.ts';

const state = z.object({ n: z.number() }).loose();

const module = defineModule({
  name: 'm',
  version: '1.0.0',
  input: z.object({}),
  steps: { page: state, sub: fetchStep(state, { identity: 'lineage' }), sum: computeStep(), last: state },
  items: {},
  phases: [['page', 'sub'], ['sum'], ['last']],
}).implement({
  *start() {},
  steps: {
    page: { request: () => 'http://shop.test/', *parse() {} },
    sub: { request: () => 'http://shop.test/', *parse() {} },
    sum: { *run() {} },
    last: { request: () => 'http://shop.test/', *parse() {} },
  },
});

const runOf = (runId: string, account = 'acme') => ({ runId, account, platform: 'web' });
const run = runOf('run-1');

const PAGE = 0;
const SUB = 1;
const LAST = 3;

function hop(step: number, given: unknown, key?: string): Emission & { readonly kind: 'hop' } {
  return { kind: 'hop', step, state: given, key };
}

const request = (id: string) => ({ id, kind: 'request', prefixRequest: 'older' }) as const;
const hopNode = (id: string, prefixRequest: string) => ({ id, kind: 'hop', prefixRequest }) as const;
const idOf = (...[step, given, key]: Parameters<typeof hop>) =>
  hopSeed(run, module, hop(step, given, key), request('r')).id;

describe('the identity of a hop', () => {
  it('is its step and state, in whatever order the state was written', () => {
    expect(idOf(PAGE, { n: 1, a: 'x' })).toBe(idOf(PAGE, { a: 'x', n: 1 }));
    expect(new Set([idOf(PAGE, { n: 1 }), idOf(PAGE, { n: 2 }), idOf(LAST, { n: 1 })]).size).toBe(3);
  });

  it('is the author’s key where there is one', () => {
    expect(idOf(PAGE, { n: 1 }, 'k')).toBe(idOf(PAGE, { n: 2 }, 'k'));
    expect(idOf(PAGE, { n: 1 }, 'k')).not.toBe(idOf(PAGE, { n: 1 }, 'l'));
    expect(idOf(PAGE, { n: 1 }, 'k')).not.toBe(idOf(PAGE, { n: 1 }));
  });

  it('does not tell where it came from, unless the step says lineage', () => {
    const from = (step: number, parent: string) => hopSeed(run, module, hop(step, { n: 1 }), request(parent)).id;
    expect(from(PAGE, 'r1')).toBe(from(PAGE, 'r2'));
    expect(from(SUB, 'r1')).not.toBe(from(SUB, 'r2'));
  });

  it('is another one in another run or account', () => {
    const ids = [run, runOf('run-2'), runOf('run-1', 'other')].map((each) => startSeed(each, module).id);
    expect(new Set(ids).size).toBe(3);
  });
});

describe('a hop', () => {
  it('names the request that it came of, also by way of other hops', () => {
    const prefixOf = (parent: Pick<ChainNode, 'id' | 'kind' | 'prefixRequest'> | undefined) =>
      hopSeed(run, module, hop(PAGE, { n: 1 }), parent).prefixRequest;
    expect(prefixOf(request('r'))).toBe('r');
    expect(prefixOf(hopNode('h', 'r'))).toBe('r');
    expect(prefixOf(undefined)).toBe('');
  });

  it('stands in the phase of its step, with its state', () => {
    expect(hopSeed(run, module, hop(LAST, { n: 1 }), undefined)).toMatchObject({
      kind: 'hop',
      phase: 2,
      stepIdx: LAST,
      body: '{"state":{"n":1}}',
    });
  });

  it('does not carry a state of any size', () => {
    const large = { n: 1, text: 'x'.repeat(1024 * 1024) };
    expect(() => hopSeed(run, module, hop(PAGE, large), undefined)).toThrow(
      expect.objectContaining({ code: 'module.state_too_large', class: 'fatal' }),
    );
  });
});

describe('the hops that nobody yields', () => {
  it('are the module’s start, and the openers of later phases that begin with a compute step', () => {
    expect(startSeed(run, module)).toMatchObject({ stepIdx: -1, phase: 0, prefixRequest: '' });
    expect(openerSeed(run, module, 1)).toMatchObject({ stepIdx: 2, phase: 1, body: '{"state":{}}' });
    expect([openerSeed(run, module, 0), openerSeed(run, module, 2)]).toEqual([undefined, undefined]);
  });
});

describe('a request', () => {
  const parent = { ...hopNode('h', 'r'), moduleId: module.id, stepIdx: PAGE, phase: 0 } as ChainNode;
  const seedOf = (url: string, ordinal = 0, limitKey?: string) =>
    requestSeed(
      run,
      module,
      parent,
      { url, ...(limitKey === undefined ? {} : { limitKey }) },
      { ordinal, state: { n: 1 } },
    );

  it('F1: is known by its hop and its place in it, not by its URL', () => {
    expect(seedOf('http://a.test/').id).toBe(seedOf('http://b.test/').id);
    expect(seedOf('http://a.test/').id).not.toBe(seedOf('http://a.test/', 1).id);
    const sibling = { ...parent, id: 'h2' } as ChainNode;
    const first = requestSeed(run, module, sibling, { url: 'http://a.test/' }, { ordinal: 0, state: { n: 1 } });
    expect(seedOf('http://a.test/').id).not.toBe(first.id);
    expect(seedOf('http://a.test/')).toMatchObject({ kind: 'request', prefixRequest: 'r', phase: 0, stepIdx: PAGE });
  });

  it('shares a limit with its host and port, or with what its author says', () => {
    expect(seedOf('https://User@A.test:8443/x').limitKey).toBe('a.test:8443');
    expect(seedOf('https://a.test/', 0, 'api').limitKey).toBe('api');
  });

  it.each([
    '',
    'shop.test/x',
    '/x',
    'ftp://a.test/',
    'javascript:alert(1)',
    'http://',
    'http://[no',
    'file:///etc/hosts',
  ])('is refused with the URL %j', (url) => {
    expect(() => seedOf(url)).toThrow(expect.objectContaining({ code: 'request.invalid_url', class: 'fatal' }));
  });
});
