/**
 * Names steps that only grow: so many of their pages in a row led to new hops, while their run got no item. Such a crawl may have no
 * end. Each process watches the pages that it parses; a run is told of a step once.
 */
import { RecentMap } from '../../concurrency/recent-map.ts';
import type { ChainNode } from '../../coordination/protocol/node.ts';
import type { Log } from '../../telemetry/log.ts';
import { type LoadedRun, moduleOf } from '../run/runs.ts';

const GROWN_PAGES = 1_000;
/** Runs that are watched at once; the others are forgotten, and watched from the start again. */
const MAX_RUNS = 256;

interface Growth {
  /** Pages since the last item of the run, by module and step. */
  readonly pages: Map<string, number>;
  readonly told: Set<string>;
}

export class GrowthWatch {
  readonly #log: Log;
  readonly #runs = new RecentMap<string, Growth>(MAX_RUNS);

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes note of a commit: of its items, and of the children that are new. */
  note(
    run: LoadedRun,
    node: ChainNode,
    { items, created }: { readonly items: number; readonly created: number },
  ): void {
    if (items > 0) this.#runs.get(node.runId)?.pages.clear();
    else if (created > 0 && node.kind === 'request') this.#grow(run, node);
  }

  #grow(run: LoadedRun, { runId, moduleId, stepIdx }: ChainNode): void {
    const growth = this.#runs.get(runId) ?? { pages: new Map<string, number>(), told: new Set<string>() };
    this.#runs.set(runId, growth);
    const of = `${moduleId}:${stepIdx}`;
    const pages = (growth.pages.get(of) ?? 0) + 1;
    growth.pages.set(of, pages);
    if (pages < GROWN_PAGES || growth.told.has(of)) return;
    growth.told.add(of);
    const step = moduleOf(run, moduleId).definition.steps[stepIdx]?.name ?? 'start';
    this.#log.warn(
      `step "${step}" grows without new items: ${GROWN_PAGES} of its pages led to more hops, and the run got no item; --max-pages or --max-depth end such a crawl`,
      { run_id: runId, module_id: moduleId, step, pages },
    );
  }
}
