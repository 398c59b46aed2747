/** `catena explain RUN`: says in sentences why the run is not finished. */
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { withRuns } from '../read/open-source.ts';
import type { Explanation } from '../read/run-source.ts';
import { oneLine } from '../terminal/format.ts';

export interface ExplainOptions extends ConfigOptions {
  readonly output?: string;
}

export async function explainRun(
  context: CliContext,
  reference: string,
  options: ExplainOptions,
): Promise<ExitCodeValue> {
  return withRuns(context, options, async (source, place) => {
    const run = await source.findRun(reference);
    const { reasons, sampled } = await source.explain(run);
    const isResting = place.kind === 'file' && run.state !== 'closed';
    context.io.stdout.write(
      options.output === 'json'
        ? `${JSON.stringify({ run_id: run.runId, reasons: reasons.map(toView), sampled }, undefined, 2)}\n`
        : explanationText({ reasons, sampled }) + (isResting ? RESTING : ''),
    );
    return ExitCode.DONE;
  });
}

/** A reader cannot see whether a process works on the file. */
const RESTING = 'A run in a file makes progress only while its `catena run` command runs.\n';

function explanationText({ reasons, sampled }: Explanation): string {
  const lines = reasons.map(({ text }) => `${oneLine(text)}\n`);
  if (sampled) lines.push('Only some of its nodes were read: the real numbers are higher.\n');
  return lines.join('');
}

function toView({ code, text, moduleId = '', nodes = 0, atMs = 0, failure }: Explanation['reasons'][number]) {
  return {
    code,
    text,
    module: moduleId === '' ? null : moduleId,
    nodes,
    at: atMs === 0 ? null : new Date(atMs).toISOString(),
    failure: failure === undefined ? null : { code: failure.code, message: failure.message },
  };
}
