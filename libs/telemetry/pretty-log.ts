/** Log lines for a person at a terminal: `12:34:56 WARN  a phrase  key=value key=value`. */
import { styleText } from 'node:util';
import type { DestinationStream } from 'pino';

const COLOURS = { debug: 'gray', info: 'cyan', warn: 'yellow', error: 'red' } as const;

/** Fields that are shown elsewhere in the line, or are the same on every line of a terminal's session. */
const PLACED: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'runtime_mode']);

/** A stream that writes JSON lines to `target` in a short form. Other lines are written unchanged. */
export function prettyStream(target: DestinationStream, colour: boolean): DestinationStream {
  return { write: (line) => target.write(prettyLine(line, colour)) };
}

export function prettyLine(line: string, colour: boolean): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  if (typeof fields !== 'object' || fields === null) return line;
  const level = String(fields.level);
  const name = level.toUpperCase().padEnd(5);
  const head = `${String(fields.time).slice(11, 19)} ${colour ? coloured(level, name) : name} ${String(fields.msg)}`;
  const tail = Object.entries(fields)
    .filter(([key]) => !PLACED.has(key))
    .map(([key, value]) => ` ${key}=${shown(value)}`)
    .join('');
  return `${printable(`${head}${tail === '' ? '' : ` ${tail}`}`)}\n`;
}

function coloured(level: string, name: string): string {
  const colour = COLOURS[level as keyof typeof COLOURS] ?? 'reset';
  return styleText(colour, name, { validateStream: false });
}

function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'code' in value && 'message' in value) {
    return `${String(value.code)}: ${String(value.message)}`;
  }
  return typeof value === 'string' && !/\s/.test(value) && value !== '' ? value : JSON.stringify(value);
}

/** Control characters in logged text must not control the terminal; colours and line ends are ours. */
function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern searches for control characters.
  return line.replace(/\n/g, '\n  ').replace(/(?!\u001b\[(?:\d\d|0)m)[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '�');
}
