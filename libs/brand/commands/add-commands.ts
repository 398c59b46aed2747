/** The commands of brand diagnosis; what they need is loaded when one of them is given. */
import { type Command, Option } from 'commander';
import type { CliContext, Done } from '../../cli/context.ts';
import { collect, jsonOption, RUN_ARGUMENT, withLocation } from '../../cli/program/options.ts';

export function addCommands(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('diagnose')
    .description('ask AI models about a brand and its rivals, and report what they say; resumable like run')
    .option('--brand <name>', 'the brand that is diagnosed')
    .option('--alias <name>', 'another name of it, repeatable', collect)
    .option('--domain <domain>', 'a site that it owns, repeatable', collect)
    .option('--rival <name>', 'a brand that it is compared with, repeatable', collect)
    .option('--question <text>', 'what is asked, word for word, repeatable', collect)
    .option('--questions <file>', 'a prompt set: questions, language and repeats under a name, in YAML')
    .option('--prompt-set <name>', 'which one, where the file has several')
    .option('--model <name>', 'a model of the provider registry (brand.providers), repeatable', collect)
    .option('--repeats <number>', 'how often each question is put to each model')
    .addOption(new Option('--language <language>', 'of the prompt and the report').choices(['zh', 'en']))
    .option('--max-sources <number>', 'cited pages that are read; default: 10')
    .option('--input-file <file>', 'other fields of the input, as JSON or YAML; options go over it')
    .option('--deadline <time>', 'report after this long, with what there is', '20s')
    .option('--cost-cap <amount>', 'the most that it may cost, in the currency of the registry')
    .option('-o, --output <folder>', 'where report.html, report.csv and report.json go', 'brand-report')
    .option('--fresh', 'begin a new run; an unfinished one of the same work is cancelled')
    .option('--json', 'events as JSON lines on standard output')
    .option('--account <name>', 'whom the run is for; its login may hold the keys', 'default')
    .option('--platform <name>', 'what it is about', 'default');
  withLocation(command).action(async (options) => {
    const { diagnose } = await import('./diagnose.ts');
    done(await diagnose(context, options));
  });
  withLocation(
    program
      .command('compare')
      .argument('<runs...>', RUN_ARGUMENT)
      .description('compare finished diagnoses of one brand: figures side by side, and what is within noise')
      .addOption(jsonOption()),
  ).action(async (runs: readonly string[], options) => {
    const { compareDiagnoses } = await import('./compare.ts');
    done(await compareDiagnoses(context, runs, options));
  });
}
