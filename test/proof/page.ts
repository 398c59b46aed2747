/** The table of the proof, and the page that has it. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { machine } from '../bench/machine.ts';
import { quantile } from '../chaos/recovery.ts';
import type { Measured } from './measure.ts';

export interface Column {
  readonly title: string;
}

export interface Row {
  readonly name: string;
  readonly version: string;
  readonly notes: readonly string[];
  /** One for each column; undefined: it does not have what fails there. */
  readonly cells: readonly (Measured | undefined)[];
}

const PAGE = fileURLToPath(new URL('../../docs/benchmarks/reliability.md', import.meta.url));
const [BEGIN, END] = ['<!-- begin proof -->', '<!-- end proof -->'];

export function tableOf(columns: readonly Column[], rows: readonly Row[]): string {
  return columns
    .flatMap(({ title }, at) => {
      const lines = rows.map(
        ({ name, version, cells }) => `| ${name} ${version} | ${cellsOf(cells[at]).join(' | ')} |`,
      );
      return [
        `### ${title}`,
        '',
        '| contestant | runs | items lost | items doubled | joins missing or wrong | runs stuck | s to the next request: median, longest | s a run: median, longest |',
        '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
        ...lines,
        '',
      ];
    })
    .join('\n')
    .trimEnd();
}

function cellsOf(cell: Measured | undefined): string[] {
  if (cell === undefined) return ['does not use it', '–', '–', '–', '–', '–', '–'];
  const { runs, lost, doubled, wrongJoins, stuck, recoveredS, runS } = cell;
  return [
    String(runs),
    ...[lost, doubled, wrongJoins, stuck].map(String),
    medianAndLast(recoveredS),
    medianAndLast(runS),
  ];
}

function medianAndLast(sorted: readonly number[]): string {
  if (sorted.length === 0) return '–';
  return `${quantile(sorted, 0.5).toFixed(1)}, ${sorted.at(-1)!.toFixed(1)}`;
}

export async function writePage(columns: readonly Column[], rows: readonly Row[], seed: number): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN) as [string, string];
  const after = rest.split(END)[1]!;
  const notes = rows.flatMap(({ name, notes: each }) => each.map((note) => `- **${name}**: ${note}`));
  const text = [`Measured on ${machine()}, seed ${seed}.`, '', tableOf(columns, rows), '', ...notes].join('\n');
  await writeFile(PAGE, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`);
}
