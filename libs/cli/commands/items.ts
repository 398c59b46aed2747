/** `catena items RUN`: writes the items of a run to standard output or a file; also of an unfinished run. */
import { rename, rm } from 'node:fs/promises';
import type { StoredItem } from '../../store/port.ts';
import type { CliContext, ConfigOptions } from '../context.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { FileSink } from '../output/file-sink.ts';
import { chooseItemType, rowFormat } from '../output/open-output.ts';
import { unwritable } from '../output/output-error.ts';
import { type OutputOption, type OutputOptions, parseOutput } from '../output/output-option.ts';
import { columnsAbove, endLine, isPrefix, outputExists, targetOf, textsOf } from '../output/own-file.ts';
import type { RowFormat } from '../output/rows.ts';
import { type Sink, streamSink } from '../output/sink.ts';
import { ITEM_TYPES_KEY, namesIn } from '../read/failed-nodes.ts';
import { withRuns } from '../read/open-source.ts';
import { countOf } from '../terminal/format.ts';

export interface ItemsOptions extends ConfigOptions, OutputOptions {
  readonly output: string;
  readonly type?: string;
}

type Items = AsyncIterable<readonly StoredItem[]>;

export async function writeItems(
  context: CliContext,
  reference: string,
  options: ItemsOptions,
): Promise<ExitCodeValue> {
  const output = parseOutput(options.output, options);
  return withRuns(context, options, async (runs) => {
    const run = await runs.findRun(reference);
    const itemTypes = namesIn(run, ITEM_TYPES_KEY);
    const type = chooseItemType(output, itemTypes, options.type, '--type');
    const newFormat = rowFormat(output, itemTypes, type);
    const source = (): Items => runs.items(run, { type });
    const learned = async (columns?: readonly string[]): Promise<RowFormat> => {
      const format = newFormat(undefined, columns);
      if (format.canGrow) for await (const items of source()) format.learn(items);
      return format;
    };
    const rows =
      output.path === '-'
        ? await copy(streamSink(context.io.stdout), await learned(), source())
        : await writeFile(output, { source, learned, newFormat });
    if (output.path !== '-') context.io.stderr.write(`${countOf(rows, 'row')} in ${output.path}\n`);
    return ExitCode.DONE;
  });
}

interface Rows {
  readonly source: () => Items;
  /** The format of the rows, under these columns or those of the items. */
  readonly learned: (columns?: readonly string[]) => Promise<RowFormat>;
  readonly newFormat: ReturnType<typeof rowFormat>;
}

/** The file is replaced when the new one is complete; until then the old one stays. */
async function writeFile({ path, foreign }: OutputOption, { source, learned, newFormat }: Rows): Promise<number> {
  const target = await FileSink.open(path);
  try {
    if (!target.isFile) return await copy(target, await learned(), source());
    const size = await target.size();
    if (foreign === 'append' && size > 0) {
      const base = await endLine(target, size);
      await target.cutTo(base);
      return await copy(target, await learned(await columnsAbove({ sink: target, base, format: newFormat })), source());
    }
    const format = await learned();
    const isOurs = foreign === 'overwrite' || (await isPrefix(target, 0, textsOf(format, source())));
    if (!isOurs) throw outputExists(path, false);
    return await replace(await targetOf(path), format, source());
  } finally {
    await target.close();
  }
}

async function replace(path: string, format: RowFormat, source: Items): Promise<number> {
  const partial = `${path}.partial-${process.pid}`;
  const sink = await FileSink.open(partial);
  try {
    await sink.cutTo(0);
    const rows = await copy(sink, format, source);
    await rename(partial, path).catch((thrown: unknown) => {
      throw unwritable(path, thrown);
    });
    return rows;
  } finally {
    await sink.close();
    await rm(partial, { force: true });
  }
}

async function copy(sink: Sink, format: RowFormat, source: Items): Promise<number> {
  let rows = 0;
  for await (const items of source) {
    // Only refuses fields without a column, if the columns are those of the file.
    format.learn(items);
    const header = rows === 0 ? format.header() : '';
    await sink.append(Buffer.from(header + format.rows(items)));
    rows += items.length;
  }
  return rows;
}
