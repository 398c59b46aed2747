/** `catena serve`: runs all five stages of a deployment in this process and opens its API. */
import type { CliContext } from '../context.ts';
import { type ServiceOptions, serviceEnvironment } from '../dev/options.ts';

/** Resolves with the exit code when the service has been told to stop. */
export async function serveModules(
  context: CliContext,
  files: readonly string[],
  options: ServiceOptions,
): Promise<number> {
  return context.serve(serviceEnvironment(context, files, options));
}
