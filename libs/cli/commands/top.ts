/** `catena top`: all runs of a file or a server, again and again in a terminal. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Overview } from '../../explain/overview.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { withRuns } from '../read/open-source.ts';
import { overviewText } from '../status/overview-text.ts';
import { paintFor } from '../terminal/io.ts';

export interface TopOptions extends ConfigOptions {
  readonly json?: boolean;
}

const INTERVAL_MS = 2_000;
/** The second screen of a terminal, which leaves what stood on the first; home, and what is below cleared. */
const [ENTER, LEAVE, HOME, CLEAR_LINE, CLEAR_BELOW] = ['\x1b[?1049h', '\x1b[?1049l', '\x1b[H', '\x1b[K', '\x1b[J'];

export async function top(context: CliContext, options: TopOptions): Promise<ExitCodeValue> {
  const { stdout } = context.io;
  return withRuns(context, options, async (source) => {
    if (options.json === true) {
      stdout.write(`${JSON.stringify(toView(await source.overview()), undefined, 2)}\n`);
    } else if (stdout.isTTY === true) {
      await live(context, () => source.overview());
    } else {
      stdout.write(
        overviewText(await source.overview(), {
          paint: paintFor(stdout, context.env),
          width: undefined,
          height: undefined,
        }),
      );
    }
    return ExitCode.DONE;
  });
}

async function live({ io, env, onSignal, reader }: CliContext, look: () => Promise<Overview>): Promise<void> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const forget = onSignal(stop);
  reader.onGone(stop);
  const stdout = io.stdout as CliContext['io']['stdout'] & { readonly columns?: number; readonly rows?: number };
  const first = await look();
  stdout.write(ENTER);
  try {
    for (let seen = first; !stopping.signal.aborted; seen = await look()) {
      const style = { paint: paintFor(stdout, env), width: stdout.columns, height: stdout.rows };
      const text = overviewText(seen, style).trimEnd().replaceAll('\n', `${CLEAR_LINE}\n`);
      stdout.write(HOME + text + CLEAR_LINE + CLEAR_BELOW);
      await wait(INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
    }
  } finally {
    stdout.write(LEAVE);
    forget();
  }
}

function toView({ atMs, waitingRuns, openRuns, runs, waits, stages, hosts, breakers, backends, isSampled }: Overview) {
  const instant = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    at: instant(atMs),
    waiting_runs: waitingRuns,
    open_runs: openRuns,
    runs: runs.map((run) => ({
      run_id: run.runId,
      modules: run.modules,
      account: run.account,
      priority: run.priorityClass,
      accepted_at: instant(run.acceptedAtMs),
      paused: run.isPaused,
      share: run.share,
      at_stages: run.inside,
      ready: run.ready,
      open: run.open,
      done: run.done,
      dead: run.dead,
    })),
    waits: Object.fromEntries(waits.map(({ wait: name, nodes }) => [name.replaceAll(' ', '_'), nodes])),
    stages: stages.map(({ processes = null, ...stage }) => ({ ...stage, processes })),
    limits: hosts.map(({ key, waiting, inFlight, nextAtMs }) => {
      return { key, waiting, in_flight: inFlight, next_at: instant(nextAtMs) };
    }),
    breakers: breakers.map(({ key, state, trialAtMs }) => ({ key, state, trial_at: instant(trialAtMs) })),
    backends_away: backends.filter(({ isReady }) => !isReady).map(({ backend, reason }) => ({ backend, reason })),
    sampled: isSampled,
  };
}
