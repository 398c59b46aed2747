/**
 * What a coordinator is. Every adapter passes this suite unchanged; it speaks to the port alone, so that the words of the
 * design mean the same in SQLite and in Redis.
 */
import { describe } from 'vitest';
import { describeClaims } from './coordinator/claims/claim.ts';
import { describeDownloads } from './coordinator/claims/downloads.ts';
import { describeLeases } from './coordinator/claims/leases.ts';
import { describeReorder } from './coordinator/claims/reorder.ts';
import { describeSuspects } from './coordinator/claims/suspects.ts';
import { describeCommits } from './coordinator/commits/commit.ts';
import { describeHandOver } from './coordinator/commits/handover.ts';
import { describeStaged } from './coordinator/commits/staged.ts';
import { describeErrors } from './coordinator/errors/errors.ts';
import { describeFallback } from './coordinator/errors/fallback.ts';
import { describeReplay } from './coordinator/errors/replay.ts';
import { describeThresholds } from './coordinator/errors/thresholds.ts';
import { describeGenerated } from './coordinator/generated.ts';
import { describeDeadlines } from './coordinator/phases/deadlines.ts';
import { describeEarlyOpening } from './coordinator/phases/early.ts';
import { describePhases } from './coordinator/phases/phases.ts';
import { describeReads } from './coordinator/reads/reads.ts';
import { describeStepEvents } from './coordinator/reads/step-events.ts';
import { describeTimeline } from './coordinator/reads/timeline.ts';
import { describeResends } from './coordinator/resend.ts';
import { describeCaps } from './coordinator/runs/caps.ts';
import { describeControl } from './coordinator/runs/control.ts';
import { describePurge } from './coordinator/runs/purge.ts';
import { describeRunEnd } from './coordinator/runs/run-end.ts';
import type { OpenCoordinator, SuiteOptions } from './coordinator/scene/harness.ts';
import { describeSweeper } from './coordinator/sweep/sweeper.ts';
import { describeWindows } from './coordinator/sweep/windows.ts';

export type { CoordinatorHarness, OpenCoordinator, SuiteOptions, Windows } from './coordinator/scene/harness.ts';
export { checkInvariants } from './coordinator/watch/invariants.ts';

export const DEFAULT_OPTIONS: SuiteOptions = { sequences: 200, seed: 1 };

export function describeCoordinator(name: string, open: OpenCoordinator, options: SuiteOptions = DEFAULT_OPTIONS) {
  describe(`${name} coordinator`, () => {
    describeClaims(open);
    describeLeases(open);
    describeSuspects(open);
    describeDownloads(open);
    describeCommits(open);
    describeHandOver(open);
    describeStaged(open);
    describeErrors(open);
    describeThresholds(open);
    describeFallback(open);
    describePhases(open);
    describeDeadlines(open);
    describeEarlyOpening(open);
    describeSweeper(open);
    describeWindows(open);
    describeControl(open);
    describeCaps(open);
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
