import type { CliContext, ConfigOptions } from '../context.ts';
import { type Place, placeOf } from '../place.ts';
import { withServer } from '../server/connect.ts';
import { serverRuns } from '../server/server-runs.ts';
import { fileRuns } from './file-runs.ts';
import { openReader } from './open-reader.ts';
import type { RunSource } from './run-source.ts';

/** Reads runs where the options say they are, and lets go of the file or the connection afterwards. */
export async function withRuns<Result>(
  context: CliContext,
  options: ConfigOptions,
  work: (runs: RunSource, place: Place) => Promise<Result>,
): Promise<Result> {
  const place = placeOf(context, options);
  if (place.kind === 'server') return withServer(place, ({ calls }) => work(serverRuns(calls), place));
  const reader = openReader(place.path);
  try {
    return await work(fileRuns(reader, context.clock), place);
  } finally {
    reader.close();
  }
}
