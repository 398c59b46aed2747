import type { CliContext, ConfigOptions } from '../context.ts';
import { locationOf, type RunLocation } from '../run-location.ts';
import { fileRuns } from './file-runs.ts';
import { openReader } from './open-reader.ts';
import type { RunSource } from './run-source.ts';

/** Reads runs where the options say they are, and lets go of the file or the connection afterwards. */
export async function withRuns<Result>(
  context: CliContext,
  options: ConfigOptions,
  work: (runs: RunSource, location: RunLocation) => Promise<Result>,
): Promise<Result> {
  const location = locationOf(context, options);
  if (location.kind === 'server') {
    // What calls a server takes its time to load: a file needs none of it.
    const { withServer } = await import('../server/connect.ts');
    const { serverRuns } = await import('../server/server-runs.ts');
    return withServer(location, ({ calls }) => work(serverRuns(calls), location));
  }
  const reader = openReader(location.path);
  try {
    return await work(fileRuns(reader, context.clock), location);
  } finally {
    reader.close();
  }
}
