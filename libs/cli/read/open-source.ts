import type { CliContext, ConfigOptions } from '../context.ts';
import { locationOf, type RunLocation } from '../run-location.ts';
import { fileRuns } from './file-runs.ts';
import { openReader } from './open-reader.ts';
import type { RunSource } from './run-source.ts';

/** Reads runs from the file or server that the options name, and closes it afterwards. */
export async function withRuns<Result>(
  context: CliContext,
  options: ConfigOptions,
  work: (runs: RunSource, location: RunLocation) => Promise<Result>,
): Promise<Result> {
  const location = locationOf(context, options);
  if (location.kind === 'server') {
    // The server client is slow to load, and a file does not need it.
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
