/** The commands of brand diagnosis; what they need is loaded when one of them is given. */
import { type Command, Option } from 'commander';
import type { CliContext, Done } from '../../cli/context.ts';
import { collect, jsonOption, RUN_ARGUMENT, withLocation } from '../../cli/program/options.ts';
import { DEFAULT_DEADLINE_MS } from '../module/run-times.ts';
import { PROMPT_STYLES } from '../prompts/prompt.ts';

export function addCommands(program: Command, context: CliContext, done: Done): void {
  const command = program
    .command('diagnose')
    .description('ask AI models about a brand and its rivals, and report what they say; resumable like run')
    .option('--brand <name>', 'the brand to diagnose')
    .option('--alias <name>', 'another name of the brand, repeatable', collect)
    .option('--domain <domain>', 'a site that the brand owns, repeatable', collect)
    .option('--rival <name>', 'a brand to compare it with, repeatable', collect)
    .option('--question <text>', 'a question, sent word for word, repeatable', collect)
    .option('--questions <file>', 'a YAML file of prompt sets: questions, language and repeats under a name')
    .option('--prompt-set <name>', 'the prompt set, if the file has several')
    .option('--model <name>', 'a model of the provider registry (brand.providers), repeatable', collect)
    .option('--repeats <number>', 'how often each model is asked each question')
    .option(
      '--until <points>',
      'ask questions again, the least known first, until the share of answers that name the brand is known to ± these points',
    )
    .option('--max-calls <number>', 'the most calls with --until; default: three times the first ones')
    .addOption(
      new Option('--prompt <style>', 'bare: the question alone, the default; list: asks for a list').choices(
        PROMPT_STYLES,
      ),
    )
    .addOption(
      new Option('--language <language>', 'language of the report and of the prompt list').choices(['zh', 'en']),
    )
    .option('--max-sources <number>', 'how many cited pages are read; default: 10')
    .option('--input-file <file>', 'other fields of the input, as JSON or YAML; options override it')
    .option(
      '--deadline <time>',
      'the final report stands by then, with the answers so far; a preliminary one stands by 20 s if answers may take longer',
      `${DEFAULT_DEADLINE_MS / 1_000}s`,
    )
    .option('--cost-cap <amount>', 'the most that the run may cost, in the currency of the registry')
    .option(
      '--assert <statement>',
      'a statement that must hold, such as "mention(Acme) >= 0.3", repeatable; exit code 1 if one does not',
      collect,
    )
    .option('-o, --output <folder>', 'the folder for report.html, report.csv and report.json', 'brand-report')
    .option('--overwrite', 'replace files of those names in the folder that are no reports')
    .option('--fresh', 'start a new run; an unfinished one of the same work is cancelled')
    .option('--json', 'events as JSON lines on standard output')
    .option('--account <name>', 'the account that the run is for; its login may have the API keys', 'default')
    .option('--platform <name>', 'the platform that the run is about', 'default')
    .option(
      '--task <name>',
      'the task of the account that the run belongs to: thresholds and marks act over all its runs',
    );
  withLocation(command).action(async (options) => {
    const { diagnose } = await import('./diagnose.ts');
    done(await diagnose(context, options));
  });
  withLocation(
    program
      .command('compare')
      .argument('<runs...>', RUN_ARGUMENT)
      .description('compare the figures of finished diagnoses of one brand, and mark differences within noise')
      .addOption(jsonOption()),
  ).action(async (runs: readonly string[], options) => {
    const { compareDiagnoses } = await import('./compare.ts');
    done(await compareDiagnoses(context, runs, options));
  });
}
