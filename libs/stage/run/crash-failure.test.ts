import { expect, it } from 'vitest';
import { failureData } from '../../coordination/protocol/failed-node.ts';
import { crashFailure } from './crash-failure.ts';

it('the record of a crashed node and the event of its death say the same', () => {
  for (const crashes of [1, 2, 3, 4]) {
    const node = { taskId: 't', stepIdx: 0, prefixRequest: '', attempts: 1, crashes, error: '' };
    const { code, class: failureClass, stage } = crashFailure(crashes);
    expect(failureData(node, 'crashed')).toMatchObject({ code, class: failureClass, stage });
  }
});

it('an earlier failure of a crashed node is not taken for the reason of its death, and a broken record says nothing', () => {
  const node = {
    taskId: 't',
    stepIdx: 0,
    prefixRequest: '',
    attempts: 1,
    crashes: 3,
    error: '{"code":"download.dns"}',
  };
  expect(failureData(node, 'crashed').code).toBe('execution.ends_process');
  expect(failureData(node, 'failed').code).toBe('download.dns');
  for (const error of ['', '{', 'null', '[]', '{"code":7}']) {
    expect(failureData({ ...node, error }, 'failed')).toMatchObject({ code: '', stage: '', class: '' });
  }
});
