/** The phases of a diagnosis, in their order: what the module declares and what its status is told by. */
export const PHASES = { ask: 0, spend: 1, again: 2, rank: 3, trace: 4, report: 5 } as const;
