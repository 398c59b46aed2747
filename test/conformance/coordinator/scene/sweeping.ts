/** What a sweeper does with what stands due. */
import type { WakeUp } from '../../../../libs/coordination/protocol/outcome.ts';
import type { Coordinator } from '../../../../libs/coordination/protocol/port.ts';
import type { DueEntry } from '../../../../libs/coordination/protocol/sweep.ts';

/** More looks than any test needs: a `dueTake` that does not move what it takes forward would be asked for ever. */
const MAX_LOOKS = 2_000;

export interface SweepOptions {
  readonly shards: number;
  readonly crashBudget: number;
  /** Without it a run stays closing. */
  readonly settles: boolean;
}

/** One look at every shard. */
export async function takeDue(coordinator: Coordinator, shards: number, limit: number): Promise<DueEntry[]> {
  const entries: DueEntry[] = [];
  for (let shard = 0; shard < shards; shard++) {
    entries.push(...(await coordinator.dueTake({ shard, limit })).entries);
  }
  return entries;
}

/** Does what an entry asks for, to its end; answers the wake-ups to ring. */
export async function actOn(coordinator: Coordinator, entry: DueEntry, options: SweepOptions): Promise<WakeUp[]> {
  switch (entry.kind) {
    case 'notify':
      return [entry.wakeUp];
    case 'recover': {
      const { node } = entry;
      return [...(await coordinator.recoverZombie({ node, crashBudget: options.crashBudget })).wakeUps];
    }
    case 'pump': {
      const wakeUps: WakeUp[] = [];
      for (;;) {
        const pumped = await coordinator.childrenPump({ node: entry.node, wakeUps: 500 });
        wakeUps.push(...pumped.wakeUps);
        if (!pumped.more) return wakeUps;
      }
    }
    case 'drain': {
      const { runId, moduleId, phase } = entry;
      const wakeUps: WakeUp[] = [];
      for (;;) {
        const drained = await coordinator.scopeDrain({ runId, moduleId, phase, limit: 100 });
        wakeUps.push(...drained.wakeUps);
        if (!drained.more) return wakeUps;
      }
    }
    case 'deadline': {
      const { runId, moduleId, phase } = entry;
      return [...(await coordinator.phaseClose({ runId, moduleId, phase })).wakeUps];
    }
    case 'early': {
      const { runId, moduleId } = entry;
      return [...(await coordinator.earlyOpen({ runId, moduleId })).wakeUps];
    }
    case 'settle':
      if (options.settles) await coordinator.runSettle({ runId: entry.runId });
      return [];
  }
}

/** Sweeps until nothing is due at this instant; answers what was due, and the wake-ups to ring. */
export async function sweepAll(coordinator: Coordinator, options: SweepOptions) {
  const seen: DueEntry[] = [];
  const wakeUps: WakeUp[] = [];
  for (let look = 0; look < MAX_LOOKS; look++) {
    const entries = await takeDue(coordinator, options.shards, 100);
    if (entries.length === 0) return { entries: seen, wakeUps };
    for (const entry of entries) {
      seen.push(entry);
      wakeUps.push(...(await actOn(coordinator, entry, options)));
    }
  }
  throw new Error(`still due after ${MAX_LOOKS} looks: ${JSON.stringify(seen.at(-1))}`);
}
