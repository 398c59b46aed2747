import type { NodeSeed } from '../../libs/coordination/protocol/node.ts';
import type { Ending, OnlyChild } from '../../libs/stage/execution/execute-node.ts';
import { gather } from '../../libs/stage/execution/gather.ts';
import type { DownloadWork, HandOver, Slot } from '../../libs/stage/execution/hand-over.ts';
import type { HeldNode } from '../../libs/stage/execution/lease.ts';
import { type HopContext, nodeCall } from './context.ts';
import type { ModuleProcessorDeps } from './deps.ts';

/** Generates the requests of a hop. A single request is handed to the local downloader if that can start it now. */
export async function generateRequests(deps: ModuleProcessorDeps, context: HopContext): Promise<Ending> {
  const { module, lease } = context;
  const yielded = await gather(
    module.definition,
    { fn: 'request', ...nodeCall(context) },
    {
      lease,
      coordinator: deps.execution.coordinator,
      onLimits: (limitKey, limits) => deps.limiter.setLimits(limitKey, limits),
    },
  );
  const { children, staged } = yielded;
  const mayGoAtOnce = staged === 0 && children.length === 1 && !waits(context);
  return {
    kind: 'commit',
    yielded,
    childStage: 'downloader',
    onlyChild: mayGoAtOnce ? reserve(deps, children[0]!) : undefined,
  };
}

/** Whether requests of the step need their admission: the step limits their number or has a cache. */
function waits({ module, lease, step }: HopContext): boolean {
  const ofRun = module.concurrency.get(lease.node.stepIdx);
  return ofRun !== undefined || step?.policy.concurrency !== undefined || step?.policy.cache !== undefined;
}

/** Reserves a permit and a slot of the local downloader, since a node must not wait in a queue under a lease. */
function reserve(deps: ModuleProcessorDeps, child: NodeSeed): Reservation | undefined {
  const permit = deps.limiter.tryAcquire(child.limitKey!);
  if (permit === undefined) return undefined;
  const slot = deps.downloader.reserve();
  if (slot !== undefined) return new Reservation(slot, permit);
  permit.release();
  return undefined;
}

class Reservation implements OnlyChild {
  readonly #slot: Slot<DownloadWork>;
  readonly #permit: DownloadWork['permit'];
  #open = true;

  constructor(slot: Slot<DownloadWork>, permit: DownloadWork['permit']) {
    this.#slot = slot;
    this.#permit = permit;
  }

  /** Uses the reservation for the request that the commit has claimed. */
  take({ run, lease }: HeldNode): HandOver {
    this.#open = false;
    return { start: () => this.#slot.start({ run, lease, permit: this.#permit }) };
  }

  release(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#slot.release();
    this.#permit.release();
  }
}
