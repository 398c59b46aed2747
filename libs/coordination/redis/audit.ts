import { CatenaError } from '../../errors/catena-error.ts';
import type { AuditReport } from '../protocol/runs.ts';
import type { ModulePlace } from './run-keys.ts';
import { findPlace, type KnownPlace, type RedisDeps } from './scripts/call.ts';
import { readList } from './scripts/read-reply.ts';
import { AuditCode } from './scripts/script.ts';
import { auditCountScript, auditScript } from './scripts.ts';

/** Counters of a phase: created, done, dead, superseded, re-opened and open. */
type Kept = readonly [number, number, number, number, number];
/** What its nodes say: nodes, done, dead, superseded, standing in the due set, re-opened and open. */
type Counted = [number, number, number, number, number, number];

const BATCH = 500;
const MAX_TRIES = 5;

/**
 * Counts in batches, and sets the counters if none of them has moved meanwhile; tries again when one has.
 * Throws `coordination.audit_unsettled` (retryable) for a run that does not hold still.
 */
export async function runAudit(deps: RedisDeps, { runId }: { readonly runId: string }): Promise<AuditReport> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const place = await findPlace(deps, runId);
    if (place === undefined) return { nodes: 0, drift: [] };
    const modules = [...place.modules.values()];
    const keys = [place.run, place.shardDue, ...modules.map(({ exec }) => exec)];
    const read = await deps.runner.run(auditScript, keys, [deps.now(), place.stamp, '']);
    if (read.code < 0) {
      deps.places.forget(runId);
      continue;
    }
    const kept = readList<unknown>(read.payload).map(readList<Kept>);
    const counted = await countAll(deps, place, modules);
    const counts = kept.map((phases, at) => phases.map((each, phase) => [each, repaired(counted[at]![phase]!)]));
    const { code } = await deps.runner.run(auditScript, keys, [deps.now(), place.stamp, JSON.stringify(counts)]);
    if (code !== AuditCode.DONE) continue;
    const nodes = counted.flat().reduce((sum, [each]) => sum + each, 0);
    return { nodes, drift: modules.flatMap((module, at) => driftOf(module, kept[at]!, counted[at]!)) };
  }
  throw new CatenaError('coordination.audit_unsettled', `run ${runId} moved while its nodes were counted`, {
    class: 'retryable',
    data: { runId },
    remedy: 'pause the run and audit it again',
  });
}

async function countAll(deps: RedisDeps, place: KnownPlace, modules: readonly ModulePlace[]): Promise<Counted[][]> {
  const phases = modules.map(({ due }) => due.length);
  const totals = modules.map(({ due }) => due.map((): Counted => [0, 0, 0, 0, 0, 0]));
  const due = modules.flatMap((module) => module.due);
  for (let from = 0; ; from += BATCH) {
    const start = from;
    const ids = await deps.runner.ask('LRANGE', (redis) => redis.lrange(place.nodes, start, start + BATCH - 1));
    const keys = [...due, ...ids.map((id) => place.node(id))];
    const args = [deps.now(), modules.length, ...phases, ...ids];
    const counts = readList<Counted>((await deps.runner.run(auditCountScript, keys, args)).payload);
    for (const [at, total] of totals.flat().entries()) {
      for (const [field, count] of counts[at]!.entries()) total[field] = total[field]! + count;
    }
    if (ids.length < BATCH) return totals;
  }
}

function repaired([nodes, done, dead, superseded, , reopened]: Counted): Kept {
  return [nodes, done, dead, superseded, reopened];
}

function driftOf({ moduleId }: ModulePlace, kept: readonly Kept[], counted: readonly Counted[]): string[] {
  return kept.flatMap(([created, done, dead, superseded, reopened], phase) => {
    const nodes = counted[phase]!;
    const pairs = [
      ['created', created, nodes[0]],
      ['done', done, nodes[1]],
      ['dead', dead, nodes[2]],
      ['superseded', superseded, nodes[3]],
      ['due', created - done - dead, nodes[4]],
      ['reopened', reopened, nodes[5]],
    ] as const;
    return pairs
      .filter(([, was, actual]) => was !== actual)
      .map(([name, was, actual]) => `${moduleId} phase ${phase}: ${name} is kept as ${was}, the nodes say ${actual}`);
  });
}
