import { expect, it } from 'vitest';
import { decodeMessage } from './chain.ts';
import { malformed } from './malformed.ts';
import { TaskModel } from './messages.ts';

it('names the kind and the field of what is wrong, under the reader’s code', () => {
  const error = malformed(decodeMessage('task', new Uint8Array()), 'bus');
  expect(error).toMatchObject({
    code: 'bus.malformed_message',
    class: 'fatal',
    data: { kind: 'task', field: 'task_id' },
  });
  expect(error?.message).toMatch(/^a task message: task_id /);
  expect(error?.remedy).toBeDefined();
});

it('has nothing to say of a sound message', () => {
  const model = TaskModel.fromPartial({ taskId: 't', runId: 'r', modules: ['m'] });
  expect(malformed({ kind: 'task', model }, 'ingress')).toBeUndefined();
});
