import type { LoadedModule, LoadedRun } from './runs.ts';

/** Results by module and step; they do not change while the run is loaded. */
const results = new WeakMap<LoadedModule, Map<number, number | undefined>>();

/**
 * How many requests of a step may run at the same time in this run; undefined when the step sets no limit. Throws
 * `module.wrong_concurrency`, and what the author's function throws.
 */
export function runConcurrency(run: LoadedRun, module: LoadedModule, stepIdx: number): number | undefined {
  const { definition, input } = module;
  if (definition.runConcurrency === undefined) return undefined;
  const known = results.get(module) ?? new Map<number, number | undefined>();
  results.set(module, known);
  if (known.has(stepIdx)) return known.get(stepIdx);
  const { account, platform, runId } = run.task;
  const { acceptedAtMs, deadlineAtMs } = run.record;
  const facts = { input, account, platform, runId, acceptedAtMs, deadlineAtMs };
  const answer = definition.runConcurrency(stepIdx, facts);
  known.set(stepIdx, answer);
  return answer;
}
