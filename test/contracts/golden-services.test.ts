/**
 * Bytes of what travels between the services, of different releases while a fleet is rolled. Made and kept like those in
 * golden-bytes.test.ts.
 */
import { ChainDecisionKind, ErrorClass } from '../../libs/contracts/messages.ts';
import {
  DecideRequest,
  DecideResponse,
  ExecuteModuleRequest,
  ExecuteModuleResponse,
  PreCheckRequest,
  PreCheckResponse,
} from '../../libs/contracts/services.ts';
import { describeGolden, golden } from './golden.ts';

const node = { runId: 'r1', moduleId: 'm@1', phase: 1, epoch: 2 };

describeGolden([
  golden(
    'ExecuteModuleRequest that opens a run',
    ExecuteModuleRequest,
    '080712040a027231',
    ExecuteModuleRequest.fromPartial({ id: 7, dispatch: { $case: 'start', value: { runId: 'r1' } } }),
  ),
  golden(
    'ExecuteModuleRequest of a hop',
    ExecuteModuleRequest,
    '08ac021a110a02723112026e311a036d403120012802',
    ExecuteModuleRequest.fromPartial({ id: 300, dispatch: { $case: 'hop', value: { ...node, nodeId: 'n1' } } }),
  ),
  golden(
    'ExecuteModuleRequest of a request',
    ExecuteModuleRequest,
    '080822220a027231120271311a036d40312001280230ffffffffffffffffff013a0270314003',
    ExecuteModuleRequest.fromPartial({
      id: 8,
      dispatch: { $case: 'request', value: { ...node, nodeId: 'q1', stepIdx: -1, prefixRequest: 'p1', attempts: 3 } },
    }),
  ),
  golden(
    'ExecuteModuleResponse with credit',
    ExecuteModuleResponse,
    '0a020840',
    ExecuteModuleResponse.fromPartial({ event: { $case: 'credit', value: { count: 64 } } }),
  ),
  golden(
    'ExecuteModuleResponse of a dispatch that is done',
    ExecuteModuleResponse,
    '120408071200',
    ExecuteModuleResponse.fromPartial({
      event: { $case: 'answer', value: { id: 7, result: { $case: 'done', value: {} } } },
    }),
  ),
  golden(
    'ExecuteModuleResponse of a dispatch that failed',
    ExecuteModuleResponse,
    '121a08071a160a0e6d6f64756c652e756e6b6e6f776e10021a026e6f',
    ExecuteModuleResponse.fromPartial({
      event: {
        $case: 'answer',
        value: {
          id: 7,
          result: { $case: 'failure', value: { code: 'module.unknown', class: ErrorClass.FATAL, message: 'no' } },
        },
      },
    }),
  ),
  golden(
    'PreCheckRequest',
    PreCheckRequest,
    '0a0d0a027431120272312a036d4031',
    PreCheckRequest.fromPartial({ task: { taskId: 't1', runId: 'r1', modules: ['m@1'] } }),
  ),
  golden(
    'PreCheckResponse',
    PreCheckResponse,
    '0a0508041a0178',
    PreCheckResponse.fromPartial({ decision: { kind: ChainDecisionKind.TERMINATE_TASK, reason: 'x' } }),
  ),
  golden(
    'DecideRequest',
    DecideRequest,
    '0a280a026e311204120272311a070a036d403128012a0f0a0b70617273652e7468726577100130024801',
    DecideRequest.fromPartial({
      errorTask: {
        id: 'n1',
        task: { runId: 'r1' },
        context: { moduleId: 'm@1', stayCurrentStep: true },
        error: { code: 'parse.threw', class: ErrorClass.RETRYABLE },
        attempts: 2,
        isRequest: true,
      },
    }),
  ),
  golden(
    'DecideResponse',
    DecideResponse,
    '0a0c080210fa0122057265747279',
    DecideResponse.fromPartial({
      decision: { kind: ChainDecisionKind.RETRY_AFTER, delayMs: 250, actionApplied: 'retry' },
    }),
  ),
]);
