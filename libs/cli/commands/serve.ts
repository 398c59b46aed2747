/** `catena serve`: all five stages of a deployment in this process, its API open. */
import type { CliContext } from '../context.ts';
import { type ServiceOptions, serviceEnvironment } from '../dev/options.ts';

/** Answers the exit code of the service, when it has been asked to end. */
export async function serveModules(
  context: CliContext,
  files: readonly string[],
  options: ServiceOptions,
): Promise<number> {
  return context.serve(serviceEnvironment(context, files, options));
}
