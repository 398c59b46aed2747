import { expect, it } from 'vitest';
import { EVENT_TYPES, EVENTS, eventId, isEventType } from './events.ts';

it('has the twelve events of the contract, with stable keys', () => {
  expect(EVENT_TYPES.map((type) => [type, EVENTS[type].key, EVENTS[type].version])).toEqual([
    ['TaskAccepted', 'engine.task_accepted.completed', 1],
    ['ParserTaskProduced', 'engine.parser_task_produced.completed', 1],
    ['ErrorTaskProduced', 'engine.error_task_produced.completed', 1],
    ['ModuleStepAdvanced', 'engine.module_step_advanced.completed', 1],
    ['ModuleStepFallback', 'engine.module_step_fallback.completed', 1],
    ['PhaseClosed', 'engine.phase_closed.completed', 1],
    ['ModuleCompleted', 'engine.module_completed.completed', 1],
    ['RunCompleted', 'engine.run_completed.completed', 1],
    ['TaskTerminatedByThreshold', 'engine.task_terminated_by_threshold.completed', 1],
    ['DeadLettered', 'engine.dead_lettered.completed', 1],
    ['BreakerOpened', 'engine.breaker_opened.completed', 1],
    ['BreakerClosed', 'engine.breaker_closed.completed', 1],
  ]);
});

it('names each event once', () => {
  for (const type of EVENT_TYPES) expect(EVENTS[type].type).toBe(type);
});

it('gives the same transition the same id', () => {
  expect(eventId('node', 2, 'DeadLettered')).toBe('node:2:DeadLettered');
});

it('knows its own types only', () => {
  expect(isEventType('RunCompleted')).toBe(true);
  expect(isEventType('toString')).toBe(false);
});
