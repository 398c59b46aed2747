/** `catena letters RUN`: lists the nodes that ended in failure, each with the id that `replay` takes. */
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { failedNodeText, namesIn, STEPS_KEY, toFailedNode } from '../read/failed-nodes.ts';
import { withRuns } from '../read/open-source.ts';
import { countOf } from '../terminal/format.ts';
import { paintFor } from '../terminal/io.ts';

export interface LettersOptions extends ConfigOptions {
  readonly output?: string;
}

export async function listLetters(
  context: CliContext,
  reference: string,
  options: LettersOptions,
): Promise<ExitCodeValue> {
  const { stdout, stderr } = context.io;
  const paint = paintFor(stdout, context.env);
  const isJson = options.output === 'json';
  return withRuns(context, options, async (source) => {
    const run = await source.findRun(reference);
    const steps = namesIn(run, STEPS_KEY);
    let count = 0;
    for await (const letter of source.deadLetters(run)) {
      const node = toFailedNode(letter, steps);
      // One at a time: there may be too many for memory.
      if (isJson) stdout.write(`${count === 0 ? '[\n' : ',\n'}${JSON.stringify(node)}`);
      else stdout.write(failedNodeText(node, paint));
      count += 1;
    }
    if (isJson) stdout.write(count === 0 ? '[]\n' : '\n]\n');
    else stderr.write(`${countOf(count, 'node')} of run ${run.runId} failed\n`);
    return ExitCode.DONE;
  });
}
