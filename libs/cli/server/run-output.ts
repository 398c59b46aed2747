/** `catena run -o` for a run at a server. */
import type { ModuleFacts } from '../../calls/served-module.ts';
import type { CliContext } from '../context.ts';
import { FileSink } from '../output/file-sink.ts';
import { chooseItemType, rowFormat } from '../output/open-output.ts';
import { type OutputOption, parseOutput, requireNoOutput } from '../output/output-option.ts';
import { outputExists, targetOf } from '../output/own-file.ts';
import { streamSink } from '../output/sink.ts';
import type { RunOptions } from '../run/work.ts';
import type { IngressCalls } from './connect.ts';
import { ItemOutput, type ReadItems } from './item-output.ts';
import { persistently, type RetryWindow } from './retry-window.ts';
import { toItem } from './server-runs.ts';

export interface ServerOutput {
  /** For messages. */
  readonly name: string;
  readonly type: string | undefined;
  /** Whether each revision of an item is a row. */
  readonly hasRevisions: boolean;
  /** Throws `cli.output_exists` if a new run would replace what the file holds. */
  requireFree(): Promise<void>;
  /** Starts to write the items of a run; `isOld`: rows of it may be in the file already. */
  open(read: ReadItems, isOld: boolean): ItemOutput;
}

/** Throws the error of a wrong option, `cli.unwritable_output` included, before anything is submitted. */
export async function openServerOutput(
  { io }: CliContext,
  module: ModuleFacts,
  options: RunOptions,
): Promise<ServerOutput | undefined> {
  if (options.output === undefined) {
    requireNoOutput(options);
    return undefined;
  }
  const option: OutputOption = parseOutput(options.output, options);
  const { foreign } = option;
  const hasRevisions = module.early !== undefined;
  const path = await targetOf(option.path);
  const type = chooseItemType(option, module.itemTypes, options.items, '--items');
  const size = path === '-' ? undefined : await sizeOf(path);
  return {
    name: path === '-' ? 'standard output' : path,
    type,
    hasRevisions,
    requireFree: async () => {
      if (size !== undefined && size > 0 && foreign === 'refuse') throw outputExists(path, false);
    },
    open: (read, isOld) =>
      new ItemOutput({
        path: size === undefined ? undefined : path,
        openStream: async () => (path === '-' ? streamSink(io.stdout) : FileSink.open(path)),
        newFormat: rowFormat(option, module.itemTypes, type, hasRevisions),
        ...{ read, foreign, isOld },
      }),
  };
}

/** Of a regular file, which is created if it does not exist; undefined for a device or a pipe. */
async function sizeOf(path: string): Promise<number | undefined> {
  const sink = await FileSink.open(path);
  try {
    return sink.isFile ? await sink.size() : undefined;
  } finally {
    await sink.close();
  }
}

/** Reads the items of a run; when the connection breaks, it continues after the last item received. */
export function itemReader(
  calls: IngressCalls,
  {
    runId,
    type = '',
    hasRevisions: withReplaced,
  }: { readonly runId: string } & Pick<ServerOutput, 'type' | 'hasRevisions'>,
  window: RetryWindow,
): ReadItems {
  return async function* read(behind, follow) {
    let afterSeq = behind;
    let stream: AsyncIterator<{ readonly items: readonly Parameters<typeof toItem>[0][] }> | undefined;
    for (;;) {
      const page = await persistently(window, async (answered) => {
        stream ??= calls
          .listItems({ runId, type, afterSeq, follow, withReplaced }, { signal: window.signal })
          [Symbol.asyncIterator]();
        try {
          const next = await stream.next();
          answered();
          return next;
        } catch (thrown) {
          stream = undefined;
          throw thrown;
        }
      });
      if (page.done === true) return;
      const items = page.value.items.map(toItem);
      if (items.length > 0) yield items;
      afterSeq = items.at(-1)?.seq ?? afterSeq;
    }
  };
}
