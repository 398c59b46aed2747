/** The process's three streams, and what they can show. */
import type { Readable, Writable } from 'node:stream';

export interface Io {
  readonly stdin: Readable;
  /** Data. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** Messages. */
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 };

const plain: Paint = (_colour, text) => text;

const painted: Paint = (colour, text) => `\u001b[${CODES[colour]}m${text}\u001b[0m`;

/** Colours only on a terminal, and not where NO_COLOR (any value) asks for none. */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const isWanted = stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return isWanted ? painted : plain;
}
