/** `catena test FILE`: parses recorded pages again, offline, and shows the differences. */
import { dirname, join } from 'node:path';
import type { CliContext, SharedOptions } from '../context.ts';
import { settingsOfModules } from '../effective-config.ts';
import { ExitCode, type ExitCodeValue } from '../exit-codes.ts';
import { readPages } from '../pages/page-file.ts';
import { type Difference, replayPage } from '../pages/replay.ts';
import { countOf, oneLine } from '../terminal/format.ts';
import { type Colour, paintFor } from '../terminal/io.ts';

export interface TestOptions extends SharedOptions {
  readonly pages?: string;
}

const COLOURS: Readonly<Record<Difference['sign'], Colour>> = { '-': 'red', '+': 'green', '~': 'yellow', '!': 'red' };

export async function testModule(context: CliContext, file: string, options: TestOptions): Promise<ExitCodeValue> {
  // Late: no other command parses pages in this thread.
  const { loadModule } = await import('../../modules/load/load-module.ts');
  const module = await loadModule(file, settingsOfModules(context));
  const pages = await readPages(options.pages ?? join(dirname(file), 'pages'));
  const { stdout } = context.io;
  const paint = paintFor(stdout, context.env);
  let different = 0;
  for (const page of pages) {
    const differences = await replayPage(module, page);
    if (differences.length === 0) continue;
    different += 1;
    stdout.write(`${paint('bold', page.step)} ${oneLine(page.page.url)}  (${page.file})\n`);
    for (const { sign, text } of differences) stdout.write(`  ${paint(COLOURS[sign], `${sign} ${oneLine(text)}`)}\n`);
  }
  const verdict = different === 0 ? 'all as recorded' : `${different} different`;
  stdout.write(`${countOf(pages.length, 'page')} of ${module.id}: ${verdict}\n`);
  return different === 0 ? ExitCode.DONE : ExitCode.FOUND;
}
