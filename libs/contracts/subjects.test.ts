import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RECEIVER, type SubjectKind } from './chain.ts';
import { EVENT_TYPES } from './events.ts';
import { EVENT_STREAM, eventSubject, messageId, STREAMS, subjectFilter, subjectOf } from './subjects.ts';

const KINDS = Object.keys(RECEIVER) as SubjectKind[];

/** Whether a NATS filter takes a subject. */
function matches(filter: string, subject: string): boolean {
  const wanted = filter.split('.');
  const tokens = subject.split('.');
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return tokens.length > index;
    if (token !== '*' && token !== tokens[index]) return false;
  }
  return wanted.length === tokens.length;
}

describe('subjects', () => {
  it.each([
    [subjectOf('request', 'shop@1.0.0'), 'chain.request.shop@1%2E0%2E0'],
    [subjectOf('parser_task', 'm'), 'chain.parser_task.m'],
    [subjectOf('task', ''), 'chain.task.-'],
    [subjectOf('task', '-'), 'chain.task.%2D'],
    [subjectOf('error', 'a b*>%é'), 'chain.error.a%20b%2A%3E%25é'],
    [subjectFilter('error_task'), 'chain.error_task.>'],
    [eventSubject('RunCompleted'), 'chain.event.RunCompleted'],
    [messageId({ kind: 'request', nodeId: 'n', epoch: 2, dispatch: 3 }), 'request:n:2:3'],
  ])('%s is pinned', (built, golden) => {
    expect(built).toBe(golden);
  });

  it('have three non-empty tokens without wildcards, one per scope, whatever the scope', () => {
    const scope = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(scope, scope, (one, other) => {
        expect(subjectOf('request', one)).toMatch(/^chain\.request\.[^.*>\s]+$/);
        expect(subjectOf('request', one) === subjectOf('request', other)).toBe(one === other);
      }),
    );
  });
});

describe('streams', () => {
  it('are the five of the contract', () => {
    expect([
      ...STREAMS.map(({ name, subjects }) => [name, ...subjects]),
      [EVENT_STREAM.name, ...EVENT_STREAM.subjects],
    ]).toEqual([
      ['CHAIN_TASK', 'chain.task.>', 'chain.parser_task.>', 'chain.error_task.>'],
      ['CHAIN_REQUEST', 'chain.request.>'],
      ['CHAIN_RESPONSE', 'chain.response.>'],
      ['CHAIN_ERROR', 'chain.error.>'],
      ['CHAIN_EVENT', 'chain.event.>'],
    ]);
  });

  it('hold every kind exactly once, for the stage that takes it', () => {
    for (const kind of KINDS) {
      const holders = STREAMS.filter(({ subjects }) =>
        subjects.some((filter) => matches(filter, subjectOf(kind, 'm@1.0'))),
      );
      expect(holders.map(({ consumer }) => consumer)).toEqual([RECEIVER[kind]]);
      expect(holders[0]?.kinds).toContain(kind);
    }
  });

  it('hold every event, and events are in no work queue', () => {
    for (const type of EVENT_TYPES) {
      expect(EVENT_STREAM.subjects.some((filter) => matches(filter, eventSubject(type)))).toBe(true);
      expect(STREAMS.some(({ subjects }) => subjects.some((filter) => matches(filter, eventSubject(type))))).toBe(
        false,
      );
    }
  });
});
