/**
 * How spans are named: `{operation} {destination}`, as OpenTelemetry's conventions ask. The operation of a stage is what it does with
 * a node; the destination is the step, `module/step` without the module's version, so that there are few names, and each is what an
 * operator looks for. Calls of backends are named by their own conventions.
 */
import type { Stage } from '../contracts/chain.ts';

/** What each stage does. */
export const OPERATIONS = {
  ingress: 'dispatch',
  'module-processor': 'execute',
  downloader: 'download',
  parser: 'parse',
  'error-threshold': 'decide',
} as const satisfies Record<Exclude<Stage, 'sweeper'>, string>;

/** The operation of the root of a run's trace: from its acceptance until ingress received it. */
export const SUBMIT = 'submit';
/** The operation of the dispatch that opens a run. */
export const OPEN = 'open';
/** The operation of the dispatch that only sends the wake-up of a request again. */
export const NOTIFY = 'notify';

/** The destination of a step; without a step that of its module. */
export function destinationOf(moduleId: string, step?: string): string {
  const version = moduleId.lastIndexOf('@');
  const module = version > 0 ? moduleId.slice(0, version) : moduleId;
  return step === undefined ? module : `${module}/${step}`;
}

/** The attribute with a failure's code. */
export const ERROR_CODE = 'error.type';
/** Why a span of a run that is not sampled was exported all the same. */
export const KEPT_FOR = 'catena.kept_for';
