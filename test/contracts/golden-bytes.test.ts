/**
 * Bytes of messages as released: they decode for ever, and today's encoder still writes them. They were made from JSON by
 * another implementation (`buf convert`), so a misread field number cannot hide behind an encoder that misreads it too.
 * A line may be added when a field is; a line that stands here is never changed.
 */
import { describe, expect, it } from 'vitest';
import {
  CachePolicy,
  ChainDecision,
  ChainDecisionKind,
  ErrorClass,
  ErrorTaskModel,
  ParserTaskModel,
  RenderMode,
  RequestModel,
  ResponseModel,
  TaskModel,
  UnifiedTaskInput,
} from '../../libs/contracts/messages.ts';
import { describeGolden, type Golden, golden } from './golden.ts';

const task = { taskId: 't1', runId: 'r1', account: 'acme', platform: 'shop' };
const module1 = { moduleId: 'm@1' };
const request = { runId: 'r1', task, context: module1, prefixRequest: 'p1' };

const GOLDEN: readonly Golden[] = [
  golden(
    'TaskModel',
    TaskModel,
    '0a027431120272311a0461636d65220473686f702a0a73686f7040312e302e302a036d403232077b2271223a317d38ffffffffffffffffff014080d095ffbc314a060a016b1201765001',
    TaskModel.fromPartial({
      ...task,
      modules: ['shop@1.0.0', 'm@2'],
      input: Buffer.from('{"q":1}'),
      priority: -1,
      deadlineMs: 1_700_000_000_000,
      metadata: { k: 'v' },
      createdAtMs: 1,
    }),
  ),
  golden(
    'ParserTaskModel',
    ParserTaskModel,
    '0a026e3112140a027431120272311a0461636d65220473686f701a220a0a73686f7040312e302e3010ffffffffffffffffff011801200232056b65793a6b22027b7d2a02703132060a016b12017638ac02',
    ParserTaskModel.fromPartial({
      id: 'n1',
      task,
      context: { moduleId: 'shop@1.0.0', stepIdx: -1, phase: 1, epoch: 2, branch: 'key:k' },
      state: Buffer.from('{}'),
      prefixRequest: 'p1',
      metadata: { k: 'v' },
      timestampMs: 300,
    }),
  ),
  golden(
    'ErrorTaskModel',
    ErrorTaskModel,
    '0a026e3112140a027431120272311a0461636d65220473686f701a070a036d40312801220270312a3d0a10646f776e6c6f61642e74696d656f757410011a04736c6f7722027b7d2a0a646f776e6c6f61646572320e0a094554494d45444f555412017838e80730033a060a016b12017640ac024801',
    ErrorTaskModel.fromPartial({
      id: 'n1',
      task,
      context: { ...module1, stayCurrentStep: true },
      prefixRequest: 'p1',
      error: {
        code: 'download.timeout',
        class: ErrorClass.RETRYABLE,
        message: 'slow',
        data: Buffer.from('{}'),
        stage: 'downloader',
        causes: [{ code: 'ETIMEDOUT', message: 'x' }],
        retryAfterMs: 1_000,
      },
      attempts: 3,
      metadata: { k: 'v' },
      timestampMs: 300,
      isRequest: true,
    }),
  ),
  golden(
    'RequestModel',
    RequestModel,
    '0a027131120272311a140a027431120272311a0461636d65220473686f7022050a036d40312a0270313204504f53543a09687474703a2f2f612f42060a017812013142060a01781201324a0200ff5201735888276201616a016270077802800101',
    RequestModel.fromPartial({
      ...request,
      id: 'q1',
      method: 'POST',
      url: 'http://a/',
      headers: [
        { name: 'x', value: '1' },
        { name: 'x', value: '2' },
      ],
      body: Buffer.from([0, 255]),
      session: 's',
      timeoutMs: 5_000,
      limitKey: 'a',
      breakerKey: 'b',
      priority: 7,
      cachePolicy: CachePolicy.RUN,
      renderMode: RenderMode.NONE,
    }),
  ),
  golden(
    'ResponseModel with its body',
    ResponseModel,
    '0a027131120272311a140a027431120272311a0461636d65220473686f7022050a036d40312a02703130c8013a0a687474703a2f2f612f6242060a01781201314a0268695a1b09000000000000e03f11000000000000f03f190000000000000040' +
      '6001',
    ResponseModel.fromPartial({
      ...request,
      requestId: 'q1',
      status: 200,
      finalUrl: 'http://a/b',
      headers: [{ name: 'x', value: '1' }],
      content: { $case: 'body', value: Buffer.from('hi') },
      timings: { queuedMs: 0.5, firstByteMs: 1, totalMs: 2 },
      fromCache: true,
    }),
  ),
  golden(
    'ResponseModel of a failed download, with its body by reference',
    ResponseModel,
    '0a0271311202723152070a016b10c0cf246a140a10646f776e6c6f61642e726566757365641001',
    ResponseModel.fromPartial({
      requestId: 'q1',
      runId: 'r1',
      content: { $case: 'blob', value: { key: 'k', sizeBytes: 600_000 } },
      error: { code: 'download.refused', class: ErrorClass.RETRYABLE },
    }),
  ),
  golden(
    'UnifiedTaskInput',
    UnifiedTaskInput,
    '12040a026e31',
    UnifiedTaskInput.fromPartial({ input: { $case: 'parserTask', value: { id: 'n1' } } }),
  ),
  golden(
    'ChainDecision',
    ChainDecision,
    '080210fa011a017822057265747279',
    ChainDecision.fromPartial({
      kind: ChainDecisionKind.RETRY_AFTER,
      delayMs: 250,
      reason: 'x',
      actionApplied: 'retry',
    }),
  ),
];

describeGolden(GOLDEN);

describe('values of a later release', () => {
  it('keep an enum value that this release does not know', () => {
    const error = ErrorTaskModel.decode(Buffer.from('2a02100f', 'hex'));
    expect(error.error?.class).toBe(15);
    expect(Buffer.from(ErrorTaskModel.encode(error).finish()).toString('hex')).toBe('2a02100f');
  });

  it('let a later field of a oneof win, as the wire format says', () => {
    const response = ResponseModel.decode(Buffer.from('4a02686952030a016b', 'hex'));
    expect(response.content).toMatchObject({ $case: 'blob', value: { key: 'k' } });
  });
});
