/** The parsed options of an output: `-o`, `--format`, `--csv`, `--append`, `--overwrite`. */
import { extname, resolve } from 'node:path';
import { CatenaError } from '../../errors/catena-error.ts';

export type OutputFormat = 'jsonl' | 'csv';

/** What is done with a file that holds something which Catena did not write. */
export type ForeignContent = 'refuse' | 'append' | 'overwrite';

export interface OutputOption {
  /** Absolute, or `-` for standard output. */
  readonly path: string;
  readonly format: OutputFormat;
  readonly foreign: ForeignContent;
  /** Whether cells of a CSV file that a spreadsheet would execute are written as they are. */
  readonly isRaw: boolean;
}

/** The options as typed. */
export interface OutputOptions {
  readonly format?: string;
  readonly csv?: string;
  readonly append?: boolean;
  readonly overwrite?: boolean;
}

const FORMAT_OF_ENDING: Readonly<Record<string, OutputFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
};

/** Throws `cli.bad_format` if neither the file name nor `--format` gives the format, and `cli.bad_output` for options that contradict. */
export function parseOutput(path: string, { format, csv, append, overwrite }: OutputOptions): OutputOption {
  const known = format ?? (path === '-' ? 'jsonl' : FORMAT_OF_ENDING[extname(path).toLowerCase()]);
  if (known !== 'jsonl' && known !== 'csv') {
    const what = format === undefined ? `the name ${path} does not show its format` : `there is no format "${format}"`;
    throw new CatenaError('cli.bad_format', what, {
      remedy: 'name a file that ends in .jsonl or .csv, or add --format',
    });
  }
  if (append === true && overwrite === true) {
    throw badOutput('--append and --overwrite cannot be used together', 'leave one of them out');
  }
  if (path === '-' && (append === true || overwrite === true)) {
    throw badOutput('--append and --overwrite are about files, but -o is standard output', 'leave them out');
  }
  if (csv !== undefined && known !== 'csv') {
    throw badOutput(`--csv is about CSV, but the output is ${known}`, 'leave it out, or add --format csv');
  }
  return {
    path: path === '-' ? path : resolve(path),
    format: known,
    foreign: append === true ? 'append' : overwrite === true ? 'overwrite' : 'refuse',
    isRaw: csv === 'raw',
  };
}

/** Throws `cli.bad_output` for options of an output that is not asked for. */
export function requireNoOutput(options: OutputOptions): void {
  const given = (['format', 'csv', 'append', 'overwrite'] as const).filter((name) => options[name] !== undefined);
  if (given.length === 0) return;
  const names = given.map((name) => `--${name}`).join(' and ');
  throw badOutput(`${names} cannot be used without -o`, 'name the file with -o, or leave it out');
}

function badOutput(what: string, remedy: string): CatenaError {
  return new CatenaError('cli.bad_output', what, { remedy });
}
