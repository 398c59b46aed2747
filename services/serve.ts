/**
 * A process of distributed mode: `node services/serve.ts`, with its settings in the environment. It hosts all five stages, or the one
 * that `SERVICE` names, so that one image serves all.
 */
import { ExitCode } from '../libs/cli/exit-codes.ts';
import { readEnvironment } from '../libs/config/environment.ts';
import { runProcess } from './node/process.ts';
import { STAGE_NAMES, type StageName } from './stages.ts';

const ALL = 'all';

/** Undefined when there is no such service. */
export function stagesOf(service: string): readonly StageName[] | undefined {
  if (service === ALL || service === '') return STAGE_NAMES;
  const stage = STAGE_NAMES.find((name) => name === service);
  return stage === undefined ? undefined : [stage];
}

if (import.meta.main) {
  const { SERVICE = ALL } = readEnvironment();
  const stages = stagesOf(SERVICE);
  if (stages === undefined) {
    process.stderr.write(`error: SERVICE is "${SERVICE}"\n  try: one of ${[ALL, ...STAGE_NAMES].join(', ')}\n`);
    process.exitCode = ExitCode.BAD_INPUT;
  } else {
    process.exitCode = await runProcess(stages);
  }
}
