/** Events of runs, for their timeline and for subscribers. Types, keys and ids of events are spelled only here. */

/** The definition of an event. Its name and key never change; an incompatible change of its data raises the version. */
export interface EventDefinition {
  readonly type: string;
  /** Stable, dotted; external rules and dashboards match it. */
  readonly key: string;
  /** Version of the data. */
  readonly version: number;
  /** When it happens: a sentence. */
  readonly about: string;
  /** The start of its id: the id of a run, a node, or a part of a run. */
  readonly subject: string;
  /** The fields of its data. */
  readonly data: readonly string[];
}

/** Which node failed where and why; `attempt` counts executions. */
const FAILURE_DATA = ['taskId', 'stepIdx', 'prefixRequest', 'attempt', 'stage', 'code', 'class'] as const;

/** Every event. Code names one as `EVENTS.RunCompleted.type`. */
export const EVENTS = {
  TaskAccepted: {
    type: 'TaskAccepted',
    key: 'engine.task_accepted.completed',
    version: 1,
    about: 'A run was opened: its modules and their first nodes exist.',
    subject: 'run',
    data: ['modules'],
  },
  ParserTaskProduced: {
    type: 'ParserTaskProduced',
    key: 'engine.parser_task_produced.completed',
    version: 1,
    about: 'A step of a module got its first hop; once per run, module and step.',
    subject: 'step',
    data: ['moduleId', 'stepIdx'],
  },
  ErrorTaskProduced: {
    type: 'ErrorTaskProduced',
    key: 'engine.error_task_produced.completed',
    version: 1,
    about: 'An execution of a node failed and its error was stored; error-threshold has yet to decide.',
    subject: 'node',
    data: FAILURE_DATA,
  },
  ModuleStepAdvanced: {
    type: 'ModuleStepAdvanced',
    key: 'engine.module_step_advanced.completed',
    version: 1,
    about: 'The first hop of a step was done; once per run, module and step.',
    subject: 'step',
    data: ['moduleId', 'stepIdx'],
  },
  ModuleStepFallback: {
    type: 'ModuleStepFallback',
    key: 'engine.module_step_fallback.completed',
    version: 1,
    about: 'A hop failed, and the request that produced it is parsed again.',
    subject: 'node',
    data: ['request'],
  },
  PhaseClosed: {
    type: 'PhaseClosed',
    key: 'engine.phase_closed.completed',
    version: 1,
    about: 'A phase of a module is over: its last node ended, or its deadline came.',
    subject: 'phase',
    data: ['moduleId', 'phase', 'closed', 'created', 'done', 'dead'],
  },
  ModuleCompleted: {
    type: 'ModuleCompleted',
    key: 'engine.module_completed.completed',
    version: 1,
    about: 'The last phase of a module is over and none of its nodes is open.',
    subject: 'module',
    data: ['moduleId'],
  },
  RunCompleted: {
    type: 'RunCompleted',
    key: 'engine.run_completed.completed',
    version: 1,
    about: 'The last node of a run ended; its end is about to be written.',
    subject: 'run',
    data: ['mark'],
  },
  TaskTerminatedByThreshold: {
    type: 'TaskTerminatedByThreshold',
    key: 'engine.task_terminated_by_threshold.completed',
    version: 1,
    about: 'A module or a whole run was ended because too many of its executions failed.',
    subject: 'module or run',
    data: ['scope', 'reason'],
  },
  DeadLettered: {
    type: 'DeadLettered',
    key: 'engine.dead_lettered.completed',
    version: 1,
    about: 'A node ended in failure, by its own errors or by crashes, and is kept as a dead letter.',
    subject: 'node',
    data: ['reason', ...FAILURE_DATA],
  },
  BreakerOpened: {
    type: 'BreakerOpened',
    key: 'engine.breaker_opened.completed',
    version: 1,
    about: 'A circuit breaker opened: requests under its key are refused for a while.',
    subject: 'breaker',
    data: ['key'],
  },
  BreakerClosed: {
    type: 'BreakerClosed',
    key: 'engine.breaker_closed.completed',
    version: 1,
    about: 'A circuit breaker closed: requests under its key are sent again.',
    subject: 'breaker',
    data: ['key'],
  },
} as const satisfies Readonly<Record<string, EventDefinition>>;

export type EventType = keyof typeof EVENTS;

export const EVENT_TYPES = Object.keys(EVENTS) as readonly EventType[];

/** An event in the timeline and on the bus. */
export interface ChainEvent {
  /** {@link eventId}; a reader may drop a second event with the same id. */
  readonly id: string;
  readonly type: EventType;
  readonly version: number;
  readonly runId: string;
  /** The task of the run; absent in events of earlier releases, and of no run. */
  readonly taskId?: string;
  /** Empty for an event of the whole run. */
  readonly moduleId: string;
  /** Empty for an event of a run or a module. */
  readonly nodeId: string;
  readonly epoch: number;
  /** Unix milliseconds, on the coordinator's clock. */
  readonly atMs: number;
  /** Survives JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The id of an event; the same transition always gives the same id. `subject` is the id of the node, or of the run. */
export function eventId(subject: string, epoch: number, type: EventType): string {
  return `${subject}:${epoch}:${type}`;
}

/** Whether a text names an event type. */
export function isEventType(text: string): text is EventType {
  return Object.hasOwn(EVENTS, text);
}
