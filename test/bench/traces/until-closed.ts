import { RunState } from '../../../libs/contracts/services.ts';
import type { Fleet } from '../distributed/fleet.ts';

const LOOK_EVERY_MS = 50;
const PAGE = 500;

/** The ends of all runs, once so many are closed. Throws when a node is dead. */
export async function untilAllClosed(ingress: Fleet['ingress'], count: number): Promise<{ readonly done: number }[]> {
  for (;;) {
    const { runs } = await ingress.listRuns({ state: RunState.CLOSED, pageSize: PAGE });
    const ends = runs.map(({ end }) => end!);
    const broken = ends.find(({ dead }) => dead > 0);
    if (broken !== undefined) throw new Error(`a run ended otherwise than it should: ${JSON.stringify(broken)}`);
    if (ends.length >= count) return ends;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
