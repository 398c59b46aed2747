/** The runs: submitted one after the other so that some are always under way, and followed as a user would, over ingress. */
import { setTimeout as delay } from 'node:timers/promises';
import { IngressDefinition, type Run, RunState } from '../../libs/contracts/services.ts';
import { CatenaError } from '../../libs/errors/catena-error.ts';
import { createGrpcClient, type GrpcClient } from '../../libs/transport/grpc/client.ts';
import type { Site } from './site.ts';
import { nodesOf, type World, worldOf } from './world.ts';

export interface LoadedRun {
  readonly nth: number;
  readonly world: World;
  readonly runId: string;
  /** As it stood when it was closed. */
  closed: Run | undefined;
}

export interface LoadOptions {
  readonly seed: number;
  readonly ingress: string;
  readonly site: Pick<Site, 'base'>;
}

/** Runs under way at once. */
const ABREAST = 4;
const POLL_MS = 300;
const AGAIN_MS = 200;
const MAX_MESSAGE_BYTES = 16 * 1_024 * 1_024;

export class Load {
  readonly runs: LoadedRun[] = [];
  readonly #options: LoadOptions;
  readonly #client: GrpcClient<typeof IngressDefinition>;
  #submitted = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    const { ingress: target } = options;
    this.#client = createGrpcClient(IngressDefinition, {
      target,
      deadlineMs: 5_000,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    });
  }

  get ingress(): GrpcClient<typeof IngressDefinition>['calls'] {
    return this.#client.calls;
  }

  /** Nodes of all runs that were submitted. */
  get nodes(): number {
    return this.runs.reduce((sum, { world }) => sum + nodesOf(world), 0);
  }

  get open(): readonly LoadedRun[] {
    return this.runs.filter(({ closed }) => closed === undefined);
  }

  /** Submits as long as `isWanted` says so. */
  async submitWhile(isWanted: () => boolean, signal: AbortSignal): Promise<void> {
    while (isWanted() && !signal.aborted) {
      if (this.open.length < ABREAST) await this.#submit(signal);
      else await this.look(signal);
    }
  }

  /** Resolves when every run is closed, or rejects with the signal. */
  async settle(signal: AbortSignal): Promise<void> {
    while (this.open.length > 0) await this.look(signal);
  }

  /** Asks once how the open runs stand. */
  async look(signal: AbortSignal): Promise<void> {
    for (const run of this.open) {
      const now = (await this.ingress.getRun({ runId: run.runId }).catch(() => undefined))?.run;
      if (now?.state === RunState.CLOSED) run.closed = now;
    }
    await delay(POLL_MS, undefined, { signal });
  }

  close(): void {
    this.#client.close();
  }

  async #submit(signal: AbortSignal): Promise<void> {
    const nth = this.#submitted;
    this.#submitted += 1;
    const { seed, site } = this.#options;
    const world = worldOf(seed, nth);
    const input = { base: site.base(nth), leaves: world.leaves, reports: world.reports, fault: world.fault };
    const task = {
      modules: ['chaos@1.0.0'],
      input: Buffer.from(JSON.stringify(input)),
      ...{ account: 'chaos', platform: 'loopback', idempotencyKey: `${seed}-${nth}` },
    };
    for (;;) {
      try {
        const { run } = await this.ingress.submitTask(task);
        this.runs.push({ nth, world, runId: run!.runId, closed: undefined });
        return;
      } catch (thrown) {
        if (!(thrown instanceof CatenaError) || thrown.class !== 'retryable') throw thrown;
        await delay(AGAIN_MS, undefined, { signal });
      }
    }
  }
}
