import { expect, it } from 'vitest';
import type { Bus } from '../../libs/bus/port.ts';
import type { ChainMessage } from '../../libs/contracts/chain.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { run, startNode } from '../fixtures/flow.ts';
import fanOut from '../fixtures/modules/fan-out.ts';
import { inMemory } from '../fixtures/single-mode.ts';
import { describeFanOut, joined } from './suites/fan-out.ts';

const LEAVES = 20_000;

/** A bus that loses, doubles and delays: one message in twenty each, by a seed. */
function unreliable(bus: Bus, faults: { lost: number; doubled: number; delayed: number }): Bus {
  let seed = 7;
  const chance = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const publish = async (message: ChainMessage): Promise<boolean> => {
    // The faults begin when the run is open: before that the store holds it, not the coordinator.
    const fate = message.kind === 'task' ? 1 : chance();
    if (fate < 0.05) {
      faults.lost += 1;
      return true;
    }
    if (fate < 0.1) {
      faults.doubled += 1;
      await bus.publish(message);
    } else if (fate < 0.15) {
      faults.delayed += 1;
      setTimeout(() => void bus.publish(message), chance() * 30);
      return true;
    }
    return bus.publish(message);
  };
  return {
    room: (stage, of) => bus.room(stage, of),
    depth: (stage) => bus.depth(stage),
    othersWait: (stage, runId) => bus.othersWait(stage, runId),
    hasResponse: (name) => bus.hasResponse(name),
    subscribe: (options) => bus.subscribe(options),
    close: () => bus.close(),
    publish,
  };
}

describeFanOut(inMemory, LEAVES);

// A bus of this process can be made unreliable; over a broker the chaos runs do that from outside.
it('all of them are executed once when messages are lost, doubled and delayed', async () => {
  const faults = { lost: 0, doubled: 0, delayed: 0 };
  const settings = { dispatch_grace_ms: 100 };
  const node = startNode([fanOut], settings, { wrapBus: (bus) => unreliable(bus, faults) });
  const { end, items } = await run(node, fanOut, { leaves: LEAVES });
  expect(end).toMatchObject({ finishReason: 'completed', done: LEAVES + 4, dead: 0, items: LEAVES + 1 });
  expect(items.filter((item) => typeof item === 'object' && item !== null && 'sum' in item)).toEqual([joined(LEAVES)]);
  for (const count of Object.values(faults)) expect(count).toBeGreaterThan(500);
  const claims = node.metrics.counter(METRICS.ptmClaim);
  // The commits of two hops with one child claimed that child.
  expect(claims.with({ result: 'EXECUTE' }).value).toBe(LEAVES + 2);
});
