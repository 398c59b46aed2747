/** Who takes part in the distributed benchmark. */
import { FIVE_SERVICES, type ServiceName } from '../../fixtures/deployment/deployment.ts';
import type { Player } from '../rounds.ts';

/** Processes of Catena; none is a single node on a file. */
export interface CatenaProcesses extends Player {
  readonly services: readonly ServiceName[];
}

export interface BullMqProcesses extends Player {
  readonly processes: number;
  readonly finished: 'keep' | 'remove';
}

const ONE = ['all'] as const;
const TWO = ['all', 'all'] as const;

export const STEPPERS = [
  { id: 'bullmq', name: 'BullMQ, one process', processes: 1, finished: 'keep' },
  { id: 'bullmq-remove', name: 'BullMQ, one process, keeps nothing', processes: 1, finished: 'remove' },
  { id: 'bullmq-two', name: 'BullMQ, two processes', processes: 2, finished: 'keep' },
  { id: 'all', name: 'Catena, one all-stage process', services: ONE },
  { id: 'two', name: 'Catena, two all-stage processes', services: TWO },
  { id: 'five', name: 'Catena, five processes', services: FIVE_SERVICES },
] as const satisfies readonly (CatenaProcesses | BullMqProcesses)[];

export const CRAWLERS = [
  { id: 'single', name: 'single node, on a file', services: [] },
  { id: 'all', name: 'one all-stage process', services: ONE },
  { id: 'two', name: 'two all-stage processes', services: TWO },
  { id: 'five', name: 'five processes', services: FIVE_SERVICES },
] as const satisfies readonly CatenaProcesses[];

export const WAITERS = CRAWLERS.filter(({ id }) => id !== 'two');

/** What is measured, in this order. */
export const PARTS = ['steps', 'claims', 'pages', 'latency', 'bytes'] as const;

export type Part = (typeof PARTS)[number];
