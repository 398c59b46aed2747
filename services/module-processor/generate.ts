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

/** Generates the requests of a hop; a single one is handed to the downloader here, if that can start now. */
export async function generateRequests(deps: ModuleProcessorDeps, context: HopContext): Promise<Ending> {
  const { module, lease, call } = context;
  const { node } = lease;
  const requests = new Requests(deps, context);
  const specs = module.definition.request(node.stepIdx, call);
  // Sync generators are read without a turn of the event loop per request.
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

/** Gathers a hop's requests; beyond a commit's size they are staged while the generator goes on. */
class Requests {
  readonly #deps: ModuleProcessorDeps;
  readonly #context: HopContext;
  #children: NodeSeed[] = [];
  #staged = 0;
  #ordinal = 0;

  constructor(deps: ModuleProcessorDeps, context: HopContext) {
    this.#deps = deps;
    this.#context = context;
  }

  /** A promise when the request has to wait for the coordinator to take others. */
  add(spec: RequestSpec): Promise<void> | undefined {
    const { run, lease, call } = this.#context;
    const { maxYieldsPerParse } = this.#deps.config;
    if (this.#ordinal >= maxYieldsPerParse) {
      throw new CatenaError('request.too_many', `a hop made more than ${maxYieldsPerParse} requests`, {
        remedy: 'end the generator, split the work over several hops, or raise max_yields_per_parse',
      });
    }
    const seed = requestSeed(run, lease.node, spec, this.#ordinal, call.state);
    // Before anybody may send it.
    if (spec.limits !== undefined) this.#deps.limiter.setLimits(seed.limitKey!, spec.limits);
    this.#children.push(seed);
    this.#ordinal += 1;
    return this.#children.length < MAX_CHILDREN ? undefined : this.#stage();
  }

  async end(): Promise<{ readonly children: readonly NodeSeed[]; readonly staged: number }> {
    if (this.#staged > 0 && this.#children.length > 0) await this.#stage();
    return { children: this.#children, staged: this.#staged };
  }

  async #stage(): Promise<void> {
    const { node } = this.#context.lease;
    const children = this.#children;
    this.#children = [];
    const code = await this.#deps.execution.coordinator.stageChildren({ node, token: node.token, children });
    if (code !== StageCode.STAGED) throw new LeaseLost(`hop ${node.id} was taken over while it staged requests`);
    this.#staged += children.length;
  }
}

/** Whether the requests of the step are admitted one by one: by their number, or after a look into its cache. */
function waits({ run, module, lease, step }: HopContext): boolean {
  const ofRun = runConcurrency(run, module, lease.node.stepIdx);
  return ofRun !== undefined || step?.policy.concurrency !== undefined || step?.policy.cache !== undefined;
}

/** A slot and a permit of the downloader in this process: a node in a queue must not be under a lease. */
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

  giveUp(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#slot.release();
    this.#permit.release();
  }
}
