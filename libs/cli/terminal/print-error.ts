/** Errors as people read them: what, where, and what to do; the stack only on request, or where nobody planned for it. */
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
  if (error.code === UNEXPECTED) lines.push(`  ${paint('dim', 'try:')} the same with --debug, and report what it says`);
  if (debug) lines.push(stackOf(thrown));
  return `${lines.join('\n')}\n`;
}

/** Prints an error and answers the exit code that it asks for; `extensions` are the names of those that are loaded. */
export function printError(
  io: Pick<Io, 'stderr'>,
  thrown: unknown,
  style: ErrorStyle,
  extensions: readonly string[] = [],
): ExitCodeValue {
  io.stderr.write(describeError(thrown, style));
  return exitCodeOfError(asError(thrown), extensions);
}

/** What no code was made for: a fault of Catena. */
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
