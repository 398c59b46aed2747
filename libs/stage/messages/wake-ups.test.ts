import { expect, it } from 'vitest';
import type { WakeUp } from '../../coordination/protocol/outcome.ts';
import { childMessages, toMessage } from './wake-ups.ts';

const FAILURE = JSON.stringify({ code: 'c', class: 'fatal', message: 'm', data: {}, stage: 'parser', causes: [] });

function wakeUp(kind: WakeUp['kind'], dispatch: number): WakeUp {
  const node = { id: 'n', runId: 'r', moduleId: 'm', phase: 0 };
  return {
    kind,
    node,
    stepIdx: 1,
    prefixRequest: '',
    epoch: 2,
    dispatch,
    attempts: 1,
    nodeKind: 'request',
    limitKey: '',
    error: FAILURE,
  };
}

const ORIGIN = { task: { taskId: 't', runId: 'r', account: '', platform: '' }, metadata: {} };

it.each(['parser_task', 'request', 'error', 'error_task'] as const)(
  'the message of a %s wake-up says which wake-up it is',
  (kind) => {
    expect(toMessage(wakeUp(kind, 3), ORIGIN)).toMatchObject({
      kind,
      dispatch: 3,
      model: { id: 'n', context: { epoch: 2 } },
    });
  },
);

it('messages of children keep their count', () => {
  const wakeUps = [wakeUp('request', 0), wakeUp('error', 1), wakeUp('parser_task', 2)];
  expect(childMessages(wakeUps, ORIGIN)).toMatchObject([
    { kind: 'request', dispatch: 0 },
    { kind: 'parser_task', dispatch: 2 },
  ]);
});
