/** `catena items RUN`: writes the items of a run to standard output or a file; also of an unfinished run. */
import { rename, rm } from 'node:fs/promises';
import type { StoredItem } from '../../store/port.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { FileSink } from '../output/file-sink.ts';
import { chooseItemType, rowFormat } from '../output/open-output.ts';
import { unwritable } from '../output/output-error.ts';
import { type OutputOption, parseOutput } from '../output/output-option.ts';
import type { RowFormat } from '../output/rows.ts';
import { type Sink, streamSink } from '../output/sink.ts';
import { ITEM_TYPES_KEY, namesIn } from '../read/failed-nodes.ts';
import { withRuns } from '../read/open-source.ts';
import { countOf } from '../terminal/format.ts';

export interface ItemsOptions extends ConfigOptions {
  readonly output: string;
  readonly format?: string;
  readonly type?: string;
}

export async function writeItems(
  context: CliContext,
  reference: string,
  options: ItemsOptions,
): Promise<ExitCodeValue> {
  const output = parseOutput(options.output, options.format);
  return withRuns(context, options, async (runs) => {
    const run = await runs.findRun(reference);
    const itemTypes = namesIn(run, ITEM_TYPES_KEY);
    const type = chooseItemType(output, itemTypes, options.type, '--type');
    const format = rowFormat(output, itemTypes, type)(undefined);
    const source = (): AsyncIterable<readonly StoredItem[]> => runs.items(run, { type });
    if (format.canGrow) for await (const items of source()) format.learn(items);
    const rows = await writeAll(context, output, format, source());
    if (output.path !== '-') context.io.stderr.write(`${countOf(rows, 'row')} in ${output.path}\n`);
    return ExitCode.DONE;
  });
}

/** The file is replaced when the new one is complete; until then the old one stays. */
async function writeAll(
  { io }: CliContext,
  { path }: OutputOption,
  format: RowFormat,
  source: AsyncIterable<readonly StoredItem[]>,
): Promise<number> {
  if (path === '-') return copy(streamSink(io.stdout), format, source);
  const target = await FileSink.open(path);
  await target.close();
  if (!target.isFile) return writeInto(path, format, source);
  const partial = `${path}.partial-${process.pid}`;
  try {
    const rows = await writeInto(partial, format, source);
    await rename(partial, path).catch((thrown: unknown) => {
      throw unwritable(path, thrown);
    });
    return rows;
  } finally {
    await rm(partial, { force: true });
  }
}

async function writeInto(
  path: string,
  format: RowFormat,
  source: AsyncIterable<readonly StoredItem[]>,
): Promise<number> {
  const sink = await FileSink.open(path);
  try {
    return await copy(sink, format, source);
  } finally {
    await sink.close();
  }
}

async function copy(sink: Sink, format: RowFormat, source: AsyncIterable<readonly StoredItem[]>): Promise<number> {
  let rows = 0;
  for await (const items of source) {
    const header = rows === 0 ? format.header() : '';
    await sink.append(Buffer.from(header + items.map((item) => format.row(item)).join('')));
    rows += items.length;
  }
  return rows;
}
