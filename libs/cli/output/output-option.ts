/** The parsed option `-o`. */
import { extname, resolve } from 'node:path';
import { CatenaError } from '../../errors/catena-error.ts';

export type OutputFormat = 'jsonl' | 'csv';

export interface OutputOption {
  /** Absolute, or `-` for standard output. */
  readonly path: string;
  readonly format: OutputFormat;
}

const FORMAT_OF_ENDING: Readonly<Record<string, OutputFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
};

/** Throws `cli.bad_format` if neither the file name nor `--format` gives the format. */
export function parseOutput(path: string, format: string | undefined): OutputOption {
  const known = format ?? (path === '-' ? 'jsonl' : FORMAT_OF_ENDING[extname(path).toLowerCase()]);
  if (known !== 'jsonl' && known !== 'csv') {
    const what = format === undefined ? `the name ${path} does not show its format` : `there is no format "${format}"`;
    throw new CatenaError('cli.bad_format', what, {
      remedy: 'name a file that ends in .jsonl or .csv, or add --format',
    });
  }
  return { path: path === '-' ? path : resolve(path), format: known };
}
