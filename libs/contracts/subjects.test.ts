import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChainMessage, decodeMessage, RECEIVER, type SubjectKind } from './chain.ts';
import { EVENT_TYPES } from './events.ts';
import { ExecutionContext, TaskRef } from './messages.ts';
import { PRIORITY_CLASSES } from './priority.ts';
import {
  belongsOn,
  EVENT_STREAM,
  eventSubject,
  kindOfSubject,
  messageId,
  namespaceOf,
  responseSubject,
  STREAMS,
  scopeOf,
  subjectFilter,
  subjectOf,
  subjectOfMessage,
  subjectTemplate,
} from './subjects.ts';

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
    [subjectOf('request', 'shop@1.0.0'), 'chain.request.shop%401%2E0%2E0'],
    [subjectOf('parser_task', 'm'), 'chain.parser_task.m'],
    [subjectOf('task', ''), 'chain.task.-'],
    [subjectOf('task', '-'), 'chain.task.%2D'],
    [subjectOf('error', 'a b*>%é'), 'chain.error.a%20b%2A%3E%25%C3%A9'],
    [responseSubject('shop@1.0.0', 'a1'), 'chain.response.shop%401%2E0%2E0.a1'],
    [subjectOf('task', 'a@b$c'), 'chain.task.a%40b%24c'],
    [subjectFilter('error_task'), 'chain.error_task.>'],
    [subjectOf('request', 'm', 'high'), 'chain.high.request.m'],
    [responseSubject('m', 'a1', 'low'), 'chain.low.response.m.a1'],
    [subjectFilter('error', 'low'), 'chain.low.error.>'],
    [eventSubject('RunCompleted'), 'chain.event.RunCompleted'],
    [messageId({ kind: 'request', nodeId: 'n', epoch: 2, dispatch: 3 }), 'request:n:2:3'],
  ])('%s is pinned', (built, golden) => {
    expect(built).toBe(golden);
  });

  it('have three non-empty tokens of letters, digits, hyphens, underscores and escapes, whatever the scope', () => {
    const scope = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(scope, scope, (one, other) => {
        expect(subjectOf('request', one)).toMatch(/^chain\.request\.[A-Za-z0-9_%-]+$/);
        expect(subjectOf('request', one) === subjectOf('request', other)).toBe(one === other);
      }),
    );
  });
});

describe('streams', () => {
  it('are those of the contract: four for each class, and the events', () => {
    expect([
      ...STREAMS.map(({ name, subjects }) => [name, ...subjects]),
      [EVENT_STREAM.name, ...EVENT_STREAM.subjects],
    ]).toEqual([
      ['CHAIN_TASK', 'chain.task.>', 'chain.parser_task.>', 'chain.error_task.>'],
      ['CHAIN_REQUEST', 'chain.request.>'],
      ['CHAIN_RESPONSE', 'chain.response.>'],
      ['CHAIN_ERROR', 'chain.error.>'],
      ['CHAIN_TASK_HIGH', 'chain.high.task.>', 'chain.high.parser_task.>', 'chain.high.error_task.>'],
      ['CHAIN_REQUEST_HIGH', 'chain.high.request.>'],
      ['CHAIN_RESPONSE_HIGH', 'chain.high.response.>'],
      ['CHAIN_ERROR_HIGH', 'chain.high.error.>'],
      ['CHAIN_TASK_LOW', 'chain.low.task.>', 'chain.low.parser_task.>', 'chain.low.error_task.>'],
      ['CHAIN_REQUEST_LOW', 'chain.low.request.>'],
      ['CHAIN_RESPONSE_LOW', 'chain.low.response.>'],
      ['CHAIN_ERROR_LOW', 'chain.low.error.>'],
      ['CHAIN_EVENT', 'chain.event.>'],
    ]);
  });

  it('hold every kind and class exactly once, for the stage that takes it, whatever the scope is called', () => {
    for (const kind of KINDS) {
      for (const of of PRIORITY_CLASSES) {
        for (const scope of ['m@1.0', 'high', 'low', 'request']) {
          const holders = STREAMS.filter(({ subjects }) =>
            subjects.some((filter) => matches(filter, subjectOf(kind, scope, of))),
          );
          expect(holders.map(({ consumer, priorityClass }) => [consumer, priorityClass])).toEqual([
            [RECEIVER[kind], of],
          ]);
          expect(holders[0]?.kinds).toContain(kind);
        }
      }
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

describe('a subject read back', () => {
  it.each(KINDS)('of kind %s names it, in every class', (kind) => {
    for (const of of PRIORITY_CLASSES) {
      for (const scope of ['m@1.0', 'high']) expect(kindOfSubject(subjectOf(kind, scope, of))).toBe(kind);
    }
  });

  it('of a response names it, with its request or, from an earlier release, without', () => {
    expect([kindOfSubject('chain.response.m.n'), kindOfSubject('chain.response.m')]).toEqual(['response', 'response']);
  });

  it.each([
    'chain.request',
    'chain.request.',
    'chain.request.m.n',
    'chain.high.request',
    'chain.high.high.request.m',
    'chain.normal.request.m',
    'chain.response.m.',
    'chain.response.m.n.o',
    'other.request.m',
    'chain.toString.m',
    'chain',
    '',
  ])('of the form %j names none', (subject) => {
    expect(kindOfSubject(subject)).toBeUndefined();
  });
});

it('a message’s scope is its module, or a task’s platform', () => {
  const context = ExecutionContext.fromPartial({ moduleId: 'm' });
  const scopes = KINDS.map((kind): string => {
    const { model } = decodeMessage(kind, new Uint8Array());
    return scopeOf({ kind, model: { ...model, context, platform: 'p' } } as unknown as ChainMessage);
  });
  expect(scopes).toEqual(['p', 'm', 'm', 'm', 'm', 'm']);
  expect(scopeOf(decodeMessage('request', new Uint8Array()))).toBe('');
});

describe('a message belongs on', () => {
  const context = ExecutionContext.fromPartial({ moduleId: 'shop@1.0' });
  const of = (kind: SubjectKind, more = {}) => {
    const { model } = decodeMessage(kind, new Uint8Array());
    return { kind, model: { ...model, context, platform: 'shop@1.0', ...more } } as unknown as ChainMessage;
  };

  it('its own subject', () => {
    for (const kind of KINDS) expect(belongsOn(of(kind), subjectOfMessage(of(kind)))).toBe(true);
    expect(subjectOfMessage(of('response', { requestId: 'a1' }))).toBe('chain.response.shop%401%2E0.a1');
  });

  it('the subject that earlier releases gave it', () => {
    for (const kind of KINDS) expect(belongsOn(of(kind), `chain.${kind}.shop@1%2E0`)).toBe(true);
  });

  it('the subject of its class, and that of releases without classes, but not that of another class', () => {
    for (const kind of KINDS) {
      const high = of(kind, { priority: 5, task: TaskRef.fromPartial({ priority: 5 }) });
      const ordinary = subjectOfMessage(of(kind));
      expect(subjectOfMessage(high)).toBe(ordinary.replace('chain.', 'chain.high.'));
      expect(belongsOn(high, subjectOfMessage(high))).toBe(true);
      expect(belongsOn(high, ordinary)).toBe(true);
      expect(belongsOn(of(kind), subjectOfMessage(high))).toBe(false);
      expect(belongsOn(high, ordinary.replace('chain.', 'chain.low.'))).toBe(false);
    }
  });

  it('no subject of another module, kind or request', () => {
    expect(belongsOn(of('request'), 'chain.request.shop@1%2E1')).toBe(false);
    expect(belongsOn(of('request'), 'chain.error.shop%401%2E0')).toBe(false);
    expect(belongsOn(of('response', { requestId: 'a1' }), 'chain.response.shop%401%2E0.a2')).toBe(false);
  });
});

describe('a namespace', () => {
  it('stands before subjects and streams, and is taken off again', () => {
    const namespace = namespaceOf('staging-2');
    expect([namespace.subject('chain.request.m'), namespace.stream('CHAIN_TASK')]).toEqual([
      'staging-2.chain.request.m',
      'staging-2_CHAIN_TASK',
    ]);
    expect([namespace.strip('staging-2.chain.request.m'), namespace.strip('chain.request.m')]).toEqual([
      'chain.request.m',
      undefined,
    ]);
  });

  it('changes nothing when it is empty', () => {
    const { subject, stream, strip } = namespaceOf('');
    expect([subject('s'), stream('S'), strip('s')]).toEqual(['s', 'S', 's']);
  });

  it.each(['a.b', 'A', '*', '>', 'a b', 'x'.repeat(33), '\n'])('cannot be %j', (text) => {
    expect(() => namespaceOf(text)).toThrow(expect.objectContaining({ code: 'bus.invalid_namespace' }));
  });
});

it.each([
  ['chain.request.shop%401%2E0%2E0', 'chain.request.{module}'],
  ['chain.high.request.shop', 'chain.high.request.{module}'],
  ['chain.response.shop.node', 'chain.response.{module}.{request}'],
  ['chain.task.web', 'chain.task.{platform}'],
  ['chain.event.PhaseClosed', 'chain.event.PhaseClosed'],
])('the template of %s is %s', (subject, template) => {
  expect(subjectTemplate(subject)).toBe(template);
});
