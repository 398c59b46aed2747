import { MAX_CHILDREN, StageCode } from '../../libs/coordination/protocol/commits.ts';
import type { NodeSeed } from '../../libs/coordination/protocol/node.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import type { RequestSpec } from '../../libs/modules/contract/definition.ts';
import type { Ending, OnlyChild } from '../../libs/stage/execution/execute-node.ts';
import type { DownloadWork, HandOver, Slot } from '../../libs/stage/execution/hand-over.ts';
import type { HeldNode } from '../../libs/stage/execution/lease.ts';
import { LeaseLost } from '../../libs/stage/execution/yield.ts';
import { requestSeed } from '../../libs/stage/node/seeds.ts';
import { runConcurrency } from '../../libs/stage/run/run-concurrency.ts';
import type { HopContext } from './context.ts';
import type { ModuleProcessorDeps } from './deps.ts';

/** Generates the requests of a hop. A single request is handed to the local downloader if that can start it now. */
export async function generateRequests(deps: ModuleProcessorDeps, context: HopContext): Promise<Ending> {
  const { module, lease, call } = context;
  const { node } = lease;
  const requests = new Requests(deps, context);
  const specs = module.definition.request(node.stepIdx, call);
  // A sync generator is read without waiting for the event loop after each request.
  if (Symbol.asyncIterator in specs) {
    for await (const spec of specs) await requests.add(spec);
  } else {
    for (const spec of specs) {
      const full = requests.add(spec);
      if (full !== undefined) await full;
    }
  }
  const { children, staged } = await requests.end();
  const mayGoAtOnce = staged === 0 && children.length === 1 && !waits(context);
  return {
    kind: 'commit',
    yielded: { children, staged, items: [], drops: [] },
    childStage: 'downloader',
    onlyChild: mayGoAtOnce ? reserve(deps, children[0]!) : undefined,
  };
}

/** Requests with large bodies are staged before there are {@link MAX_CHILDREN} of them: all of a batch are in memory at once. */
const MAX_BATCH_CHARS = 16 * 1_024 * 1_024;

/** Gathers a hop's requests. More than fit one commit are staged while the generator runs. */
class Requests {
  readonly #deps: ModuleProcessorDeps;
  readonly #context: HopContext;
  #children: NodeSeed[] = [];
  /** Characters of the children's bodies. */
  #chars = 0;
  #staged = 0;
  #ordinal = 0;

  constructor(deps: ModuleProcessorDeps, context: HopContext) {
    this.#deps = deps;
    this.#context = context;
  }

  /** Returns a promise when the caller must wait until a batch is staged. */
  add(spec: RequestSpec): Promise<void> | undefined {
    const { run, lease, call } = this.#context;
    const { maxYieldsPerParse } = this.#deps.config;
    if (this.#ordinal >= maxYieldsPerParse) {
      throw new CatenaError('request.too_many', `a hop made more than ${maxYieldsPerParse} requests`, {
        remedy: 'end the generator, split the work over several hops, or raise max_yields_per_parse',
      });
    }
    const seed = requestSeed(run, lease.node, spec, this.#ordinal, call.state);
    // The limits must be known before the request can be sent.
    if (spec.limits !== undefined) this.#deps.limiter.setLimits(seed.limitKey!, spec.limits);
    this.#children.push(seed);
    this.#chars += seed.body.length;
    this.#ordinal += 1;
    return this.#children.length < MAX_CHILDREN && this.#chars < MAX_BATCH_CHARS ? undefined : this.#stage();
  }

  async end(): Promise<{ readonly children: readonly NodeSeed[]; readonly staged: number }> {
    if (this.#staged > 0 && this.#children.length > 0) await this.#stage();
    return { children: this.#children, staged: this.#staged };
  }

  async #stage(): Promise<void> {
    const { node } = this.#context.lease;
    const children = this.#children;
    this.#children = [];
    this.#chars = 0;
    const code = await this.#deps.execution.coordinator.stageChildren({ node, token: node.token, children });
    if (code !== StageCode.STAGED) throw new LeaseLost(`hop ${node.id} was taken over while it staged requests`);
    this.#staged += children.length;
  }
}

/** Whether requests of the step need their admission: the step limits their number or has a cache. */
function waits({ run, module, lease, step }: HopContext): boolean {
  const ofRun = runConcurrency(run, module, lease.node.stepIdx);
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
