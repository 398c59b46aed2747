/** The process's three streams, and their capabilities. */
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

export interface Io {
  readonly stdin: Readable;
  /** Data. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** Messages. */
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

export type Paint = (colour: Colour, text: string) => string;

const plain: Paint = (_colour, text) => text;

/** {@link paintFor} has already decided whether to use colours. */
const painted: Paint = (colour, text) => styleText(colour, text, { validateStream: false });

/** Colours only on a terminal, and not where NO_COLOR (any value) asks for none. */
export function paintFor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const isWanted = stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return isWanted ? painted : plain;
}
