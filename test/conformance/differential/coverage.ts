/** Codes that a telling number of scenarios meets, by transition: a comparison in which nothing happens proves nothing. */
export const EXPECTED_CODES = {
  runOpen: [0, 1, 2],
  claim: [0, 1, 2, 3, 4, 5, 6, 7, 8],
  renew: [0, 1],
  release: [0, 1],
  stageChildren: [0, 1],
  commitSuccess: [0, 1, 2, 3],
  commitError: [0, 1, 2],
  recoverZombie: [0, 1, 2],
  reorderEnqueue: [0, 1],
  thresholdDecide: ['none', 'fallback', 'dead', 1, 2, 3],
  retrySchedule: [0, 1, 2],
  terminateMark: [0, 1],
  childrenPump: [0, 1],
  scopeDrain: [0, 1],
  runControl: [0, 1, 2],
  phaseClose: [0, 1],
  earlyOpen: [0, 1],
  runSettle: [0, 1],
  replay: [0, 1, 2, 3],
} as const;

/** With fewer scenarios the guard says nothing. */
export const TELLING_SEQUENCES = 200;
