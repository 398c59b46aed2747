/** The exit codes of the process. Scripts rely on them: their meaning never changes. */
import type { CatenaError } from '../errors/catena-error.ts';
import type { RunEnd } from '../store/port.ts';

export const ExitCode = {
  DONE: 0,
  FOUND: 1,
  BAD_INPUT: 2,
  NODES_FAILED: 3,
  ENDED_EARLY: 4,
  STORE_FAILED: 5,
  INTERNAL: 70,
  INTERRUPTED: 130,
} as const;

export type ExitCodeValue = (typeof ExitCode)[keyof typeof ExitCode];

/** One line per code, for `--help` and the documentation. */
export const EXIT_CODE_MEANINGS: readonly (readonly [ExitCodeValue, string])[] = [
  [ExitCode.DONE, 'done: everything that was requested, or as much as a cap (`--max-pages` and others) allows'],
  [
    ExitCode.FOUND,
    '`check` or `doctor` found errors, `test` found differences, `replay` could not replay some nodes, or a statement of `--assert` does not hold',
  ],
  [ExitCode.BAD_INPUT, 'nothing was started: wrong usage, configuration, module, input or output'],
  [
    ExitCode.NODES_FAILED,
    'the run finished, but some of its nodes failed (`catena show` names each), or an expectation was not met',
  ],
  [
    ExitCode.ENDED_EARLY,
    'the run ended early: terminated by a threshold or its own module, cancelled, rejected, or at its deadline',
  ],
  [
    ExitCode.STORE_FAILED,
    'the database, the server or an output failed (full disk, corrupt, locked, silent); a run can be resumed',
  ],
  [ExitCode.INTERNAL, 'an error in Catena itself'],
  [ExitCode.INTERRUPTED, 'interrupted; the run can be resumed'],
];

/** Error codes about wrong user input, in families whose other codes are not. */
const ASKED_WRONGLY = new Set([
  'store.unknown_run',
  'grpc.bad_target',
  'grpc.permission_denied',
  'grpc.unimplemented',
  'servers.not_installed',
  'servers.unreachable_folder',
  'servers.in_use',
  'servers.old_folder',
  'servers.foreign_folder',
]);

/** The exit code for an error. Errors of extensions, whose families are the extensions' names, count as wrong user input. */
export function exitCodeOfError({ code }: CatenaError, extensions: readonly string[] = []): ExitCodeValue {
  if (ASKED_WRONGLY.has(code)) return ExitCode.BAD_INPUT;
  const [family = ''] = code.split('.');
  if (extensions.includes(family)) return ExitCode.BAD_INPUT;
  switch (family) {
    case 'store':
    case 'output':
    case 'server':
    case 'servers':
    case 'grpc':
    case 'coordinator':
    case 'bus':
      return ExitCode.STORE_FAILED;
    case 'cli':
    case 'config':
    case 'extension':
    case 'module':
    case 'api':
    case 'submit':
      return ExitCode.BAD_INPUT;
    default:
      return ExitCode.INTERNAL;
  }
}

/** The exit code of a run that has ended; `isAsExpected`: it has what `--expect-items` and `--max-empty` ask for. */
export function exitCodeOfRun(end: RunEnd, isAsExpected = true): ExitCodeValue {
  // A cap is what was asked for.
  if (end.finishReason !== 'completed' && end.finishReason !== 'capped') return ExitCode.ENDED_EARLY;
  return end.dead > 0 || !isAsExpected ? ExitCode.NODES_FAILED : ExitCode.DONE;
}
