/** Prints errors for people: what happened, where, and what to do. The stack is printed only with --debug, or for an internal error. */
import { CatenaError, toCatenaError } from '../../errors/catena-error.ts';
import { type ExitCodeValue, exitCodeOfError } from '../exit-codes.ts';
import type { Io, Paint } from './io.ts';

export interface ErrorStyle {
  readonly paint: Paint;
  readonly debug: boolean;
  /** As one JSON object, for machines. */
  readonly json: boolean;
}

/** The error as text that ends in a line break. */
export function describeError(thrown: unknown, { paint, debug, json }: ErrorStyle): string {
  const error = asError(thrown);
  if (json) {
    const { code, message, remedy, data } = error;
    return `${JSON.stringify({ event: 'error', code, message, ...(remedy === undefined ? {} : { remedy }), data })}\n`;
  }
  const lines = [`${paint('red', 'error:')} ${error.message}`];
  if (error.remedy !== undefined) lines.push(`  ${paint('dim', 'try:')} ${error.remedy}`);
  if (error.code === UNEXPECTED)
    lines.push(`  ${paint('dim', 'try:')} the same command with --debug, and report its output`);
  if (debug) lines.push(stackOf(thrown));
  return `${lines.join('\n')}\n`;
}

/** Prints an error and returns its exit code; `extensions` are the names of the loaded extensions. */
export function printError(
  io: Pick<Io, 'stderr'>,
  thrown: unknown,
  style: ErrorStyle,
  extensions: readonly string[] = [],
): ExitCodeValue {
  io.stderr.write(describeError(thrown, style));
  return exitCodeOfError(asError(thrown), extensions);
}

/** Wraps an error without a code: a bug in Catena. */
const UNEXPECTED = 'internal.unexpected';

function asError(thrown: unknown): CatenaError {
  return toCatenaError(thrown, UNEXPECTED, 'fatal');
}

function stackOf(thrown: unknown): string {
  const parts: string[] = [];
  for (let link = thrown; link instanceof Error; link = link.cause) {
    const code = link instanceof CatenaError ? ` [${link.code}]` : '';
    parts.push(`${parts.length === 0 ? '' : 'caused by '}${link.stack ?? link.message}${code}`);
  }
  return parts.join('\n');
}
