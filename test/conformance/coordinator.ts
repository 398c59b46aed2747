/**
 * What a coordinator is. Every adapter passes this suite unchanged; it speaks to the port alone, so that the words of the
 * design mean the same in SQLite and in Redis.
 */
import { describe } from 'vitest';
import { describeClaims } from './coordinator/claim.ts';
import { describeCommits } from './coordinator/commit.ts';
import { describeControl } from './coordinator/control.ts';
import { describeDeadlines } from './coordinator/deadlines.ts';
import { describeDownloads } from './coordinator/downloads.ts';
import { describeErrors } from './coordinator/errors.ts';
import { describeFallback } from './coordinator/fallback.ts';
import { describeGenerated } from './coordinator/generated.ts';
import { describeHandOver } from './coordinator/handover.ts';
import type { OpenCoordinator, SuiteOptions } from './coordinator/harness.ts';
import { describeLeases } from './coordinator/leases.ts';
import { describePhases } from './coordinator/phases.ts';
import { describePurge } from './coordinator/purge.ts';
import { describeReads } from './coordinator/reads.ts';
import { describeReorder } from './coordinator/reorder.ts';
import { describeReplay } from './coordinator/replay.ts';
import { describeResends } from './coordinator/resend.ts';
import { describeRunEnd } from './coordinator/run-end.ts';
import { describeStaged } from './coordinator/staged.ts';
import { describeStepEvents } from './coordinator/step-events.ts';
import { describeSweeper } from './coordinator/sweeper.ts';
import { describeThresholds } from './coordinator/thresholds.ts';
import { describeTimeline } from './coordinator/timeline.ts';

export type { CoordinatorHarness, OpenCoordinator, SuiteOptions } from './coordinator/harness.ts';
export { checkInvariants } from './coordinator/invariants.ts';

export const DEFAULT_OPTIONS: SuiteOptions = { sequences: 200, seed: 1 };

export function describeCoordinator(name: string, open: OpenCoordinator, options: SuiteOptions = DEFAULT_OPTIONS) {
  describe(`${name} coordinator`, () => {
    describeClaims(open);
    describeLeases(open);
    describeDownloads(open);
    describeCommits(open);
    describeHandOver(open);
    describeStaged(open);
    describeErrors(open);
    describeThresholds(open);
    describeFallback(open);
    describePhases(open);
    describeDeadlines(open);
    describeSweeper(open);
    describeControl(open);
    describeRunEnd(open);
    describeReplay(open);
    describeReorder(open);
    describeReads(open);
    describeTimeline(open);
    describeStepEvents(open);
    describePurge(open);
    describeResends(open);
    describeGenerated(open, options);
  });
}
