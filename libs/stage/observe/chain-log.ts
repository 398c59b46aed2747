/**
 * Lines about the chain. Milestones of a run are lines at info level, made of its events; what happens to one node is a line at
 * debug level. Each has the same fields, so that one filter by `run_id` tells the story of a run over all services.
 */
import { type ChainEvent, EVENTS, type EventType } from '../../contracts/events.ts';
import type { ChainNode, NodeRef } from '../../coordination/protocol/node.ts';
import type { Log, LogFields } from '../../telemetry/log.ts';
import { nodeFields } from './stage-span.ts';

interface Line {
  readonly level: 'debug' | 'info';
  readonly message: string;
  readonly decision: string;
}

/** A line with a code is counted when it repeats: a site that fails must not fill the disk. */
const LINES: Readonly<Record<EventType, Line>> = {
  [EVENTS.TaskAccepted.type]: { level: 'info', message: 'a run was opened', decision: 'open' },
  [EVENTS.ParserTaskProduced.type]: { level: 'debug', message: 'a step got its first hop', decision: 'advance' },
  [EVENTS.ErrorTaskProduced.type]: { level: 'debug', message: 'a failure was recorded', decision: 'fail' },
  [EVENTS.ModuleStepAdvanced.type]: { level: 'debug', message: 'a step ended its first hop', decision: 'advance' },
  [EVENTS.ModuleStepFallback.type]: { level: 'debug', message: 'a hop fell back to its request', decision: 'fallback' },
  [EVENTS.PhaseClosed.type]: { level: 'info', message: 'a phase was closed', decision: 'close' },
  [EVENTS.ModuleCompleted.type]: { level: 'info', message: 'a module was completed', decision: 'complete' },
  [EVENTS.RunCompleted.type]: { level: 'info', message: 'the last node of a run ended', decision: 'complete' },
  [EVENTS.TaskTerminatedByThreshold.type]: {
    level: 'info',
    message: 'a threshold of errors ended a module or a run',
    decision: 'terminate',
  },
  [EVENTS.DeadLettered.type]: { level: 'info', message: 'a node is a dead letter', decision: 'dead' },
  [EVENTS.BreakerOpened.type]: { level: 'info', message: 'a circuit breaker opened', decision: 'open' },
  [EVENTS.BreakerClosed.type]: { level: 'info', message: 'a circuit breaker closed', decision: 'close' },
};

/** What a line needs of an event. */
export type LoggedEvent = Pick<ChainEvent, 'type' | 'runId' | 'taskId' | 'moduleId' | 'nodeId' | 'epoch' | 'data'>;

export function logEvent(log: Log, event: LoggedEvent): void {
  const { type, runId, taskId = runId, moduleId, nodeId, epoch, data } = event;
  const { level, message, decision } = LINES[type];
  const { moduleId: ofData, stepIdx, prefixRequest, taskId: _, ...more } = data;
  const module = moduleId !== '' ? moduleId : typeof ofData === 'string' ? ofData : '';
  log[level](message, {
    ...(runId === '' ? {} : { run_id: runId, task_id: taskId }),
    ...(module === '' ? {} : { module_id: module }),
    ...(typeof stepIdx === 'number' ? { step_idx: stepIdx } : {}),
    ...(nodeId === '' ? {} : { node_id: nodeId, epoch }),
    ...(typeof prefixRequest === 'string' ? { prefix_request: prefixRequest } : {}),
    ...more,
    decision,
  });
}

/** A line about a node that is held, or was. */
export function logNode(
  log: Log,
  message: string,
  { node, taskId }: { readonly node: ChainNode; readonly taskId: string | undefined },
  more: LogFields & { readonly decision: string },
): void {
  if (log.isDebug === false) return;
  log.debug(message, { ...nodeFields(node), ...(taskId === undefined ? {} : { task_id: taskId }), ...more });
}

/** A line about a node that this process does not hold: its claim was refused. */
export function logRefused(
  log: Log,
  { runId, moduleId, id }: NodeRef,
  more: LogFields & { readonly decision: string },
): void {
  if (log.isDebug === false) return;
  log.debug('a claim was refused', { run_id: runId, module_id: moduleId, node_id: id, ...more });
}
