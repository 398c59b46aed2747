/** Bindings: close a phase at its deadline, open later phases early, drain the nodes of an ended scope. */
import type { CodeOf, WithWakeUps } from '../protocol/outcome.ts';
import {
  DrainCode,
  type DrainCommand,
  type DrainOutcome,
  EarlyOpenCode,
  type EarlyOpenCommand,
  NOTHING_DRAINED,
  PhaseCloseCode,
  type PhaseCloseCommand,
} from '../protocol/phases.ts';
import { type RedisDeps, runScoped } from './scripts/call.ts';
import { readWakeUps } from './scripts/read-reply.ts';
import { bind, SCOPE_ARGS, SCOPE_KEYS, type Script } from './scripts/script.ts';

const phaseCloseScript = bind('phases/phase_close.lua', ['PhaseCloseCode', PhaseCloseCode], SCOPE_KEYS, [
  ...SCOPE_ARGS,
  'phase',
]);
const earlyOpenScript = bind('phases/early_open.lua', ['EarlyOpenCode', EarlyOpenCode], SCOPE_KEYS, SCOPE_ARGS);
const drainScript = bind(
  'phases/scope_drain.lua',
  ['DrainCode', DrainCode],
  [...SCOPE_KEYS, 'node*'],
  [...SCOPE_ARGS, 'phase', 'id*'],
);

export const PHASE_SCRIPTS: readonly Script[] = [phaseCloseScript, earlyOpenScript, drainScript];

export async function phaseClose(
  deps: RedisDeps,
  command: PhaseCloseCommand,
): Promise<WithWakeUps<CodeOf<typeof PhaseCloseCode>>> {
  const reply = await runScoped(deps, phaseCloseScript, command, () => ({ keys: [], args: [command.phase] }));
  if (reply === undefined) return { code: PhaseCloseCode.ALREADY_CLOSED, wakeUps: [] };
  return { code: reply.code as CodeOf<typeof PhaseCloseCode>, wakeUps: readWakeUps(reply.payload, command) };
}

export async function earlyOpen(
  deps: RedisDeps,
  command: EarlyOpenCommand,
): Promise<WithWakeUps<CodeOf<typeof EarlyOpenCode>>> {
  const reply = await runScoped(deps, earlyOpenScript, command, () => ({ keys: [], args: [] }));
  if (reply === undefined) return { code: EarlyOpenCode.NOT_OPENED, wakeUps: [] };
  return { code: reply.code as CodeOf<typeof EarlyOpenCode>, wakeUps: readWakeUps(reply.payload, command) };
}

/**
 * Drains a batch. Re-opened nodes of a closed phase stay open. If they come first in the set, the next page is tried, so that
 * they cannot hide nodes that have to end.
 */
export async function scopeDrain(deps: RedisDeps, command: DrainCommand): Promise<DrainOutcome> {
  const { runId, moduleId, phase, limit } = command;
  const due = deps.keys.of(runId).due(moduleId, phase);
  for (let from = 0; ; ) {
    const start = from;
    const ids = await deps.runner.ask('ZRANGE', (redis) => redis.zrange(due, start, `${start + limit - 1}`));
    const reply = await runScoped(deps, drainScript, command, (runKeys) => ({
      keys: ids.map((id) => runKeys.node(id)),
      args: [phase, ...ids],
    }));
    if (reply === undefined) return NOTHING_DRAINED;
    const [ended, kept, packed] = reply.payload as readonly [ended: number, kept: number, wakeUps?: unknown];
    if (ended > 0) {
      const wakeUps = readWakeUps(packed, command);
      return { code: reply.code as CodeOf<typeof DrainCode>, ended, more: ids.length === limit, wakeUps };
    }
    if (kept === 0 || ids.length < limit) return NOTHING_DRAINED;
    from += kept;
  }
}
