/** Merges the lines of several processes into one log, with the name of the process before each line. */
import { styleText } from 'node:util';
import { prettyLine } from '../../telemetry/pretty-log.ts';

/** Colours that are legible on dark and light backgrounds; warnings and errors have their own. */
const COLOURS = [
  ...(['cyan', 'magenta', 'blue', 'green'] as const),
  ...(['cyanBright', 'magentaBright', 'blueBright', 'greenBright'] as const),
];
const NAME_WIDTH = 18;

/** Puts a name before each line of a text. */
export type LinePrefix = (name: string, text: string) => string;

/** Each new name takes the next colour. */
export function linePrefix(isColoured: boolean): LinePrefix {
  const colours = new Map<string, (typeof COLOURS)[number]>();
  return (name, text) => {
    if (!colours.has(name)) colours.set(name, COLOURS[colours.size % COLOURS.length]!);
    const padded = `${name.padEnd(NAME_WIDTH)} | `;
    const prefix = isColoured ? styleText(colours.get(name)!, padded, { validateStream: false }) : padded;
    return `${text
      .trimEnd()
      .split('\n')
      .map((line) => prefix + line)
      .join('\n')}\n`;
  };
}

export interface ServiceLine {
  /** The text to print. */
  readonly text: string;
  /** Whether it reports that the process accepts work now. */
  readonly isReady: boolean;
}

/** A line that a service printed: JSON lines are its log; other lines are printed unchanged. */
export function readServiceLine(line: string, isColoured: boolean): ServiceLine {
  const fields = fieldsOf(line);
  if (fields === undefined) return { text: plain(line), isReady: false };
  // The name before the line already says which service it is.
  const { service: _service, ...rest } = fields;
  return { text: prettyLine(JSON.stringify(rest), isColoured), isReady: fields.msg === 'ready' };
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'msg' in value && 'level' in value ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function plain(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a process prints must not move the cursor.
  return line.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}
