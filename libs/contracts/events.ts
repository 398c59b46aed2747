/** Events: what happened to a run, for its timeline and for whoever listens. Types, keys and ids, and nowhere else one is spelled. */

/** An event's name, its stable key and the version of its data. Code names one as `EVENTS.RunCompleted.type`. A change that a reader could stumble over raises the version. */
export const EVENTS = {
  TaskAccepted: { type: 'TaskAccepted', key: 'engine.task_accepted.completed', version: 1 },
  ParserTaskProduced: { type: 'ParserTaskProduced', key: 'engine.parser_task_produced.completed', version: 1 },
  ErrorTaskProduced: { type: 'ErrorTaskProduced', key: 'engine.error_task_produced.completed', version: 1 },
  ModuleStepAdvanced: { type: 'ModuleStepAdvanced', key: 'engine.module_step_advanced.completed', version: 1 },
  ModuleStepFallback: { type: 'ModuleStepFallback', key: 'engine.module_step_fallback.completed', version: 1 },
  PhaseClosed: { type: 'PhaseClosed', key: 'engine.phase_closed.completed', version: 1 },
  ModuleCompleted: { type: 'ModuleCompleted', key: 'engine.module_completed.completed', version: 1 },
  RunCompleted: { type: 'RunCompleted', key: 'engine.run_completed.completed', version: 1 },
  TaskTerminatedByThreshold: {
    type: 'TaskTerminatedByThreshold',
    key: 'engine.task_terminated_by_threshold.completed',
    version: 1,
  },
  DeadLettered: { type: 'DeadLettered', key: 'engine.dead_lettered.completed', version: 1 },
  BreakerOpened: { type: 'BreakerOpened', key: 'engine.breaker_opened.completed', version: 1 },
  BreakerClosed: { type: 'BreakerClosed', key: 'engine.breaker_closed.completed', version: 1 },
} as const satisfies Readonly<
  Record<string, { readonly type: string; readonly key: string; readonly version: number }>
>;

export type EventType = keyof typeof EVENTS;

export const EVENT_TYPES = Object.keys(EVENTS) as readonly EventType[];

/** An event as it stands in the timeline and travels on the bus. */
export interface ChainEvent {
  /** {@link eventId}: a reader that has seen it may drop the second copy. */
  readonly id: string;
  readonly type: EventType;
  readonly version: number;
  readonly runId: string;
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

/** The id of an event: the same transition always gives the same. `subject` is the id of the node, or of the run. */
export function eventId(subject: string, epoch: number, type: EventType): string {
  return `${subject}:${epoch}:${type}`;
}

/** Whether a text names an event type. */
export function isEventType(text: string): text is EventType {
  return Object.hasOwn(EVENTS, text);
}
