/** The commands that read runs; their code is loaded only when one of them runs. */
import type { Command } from 'commander';
import type { CliContext, Done } from '../context.ts';
import { jsonOption, RUN_ARGUMENT, withConfig, withLocation, withOutput, withServerOptions } from './options.ts';

export function addReading(program: Command, context: CliContext, done: Done): void {
  withLocation(
    program
      .command('runs')
      .description('list the runs of a database or a server, the newest first')
      .addOption(jsonOption()),
  )
    .option('--limit <number>', 'how many', '50')
    .option('--task <name>', 'only runs of this task')
    .option('--account <name>', 'the account of the task', 'default')
    .action(async (options) => {
      const { listRuns } = await import('../commands/runs.ts');
      done(await listRuns(context, options));
    });
  withLocation(
    program
      .command('show')
      .argument('<run>', RUN_ARGUMENT)
      .description('show a run and every node that failed, with its reason')
      .addOption(jsonOption()),
  ).action(async (run, options) => {
    const { showRun } = await import('../commands/show.ts');
    done(await showRun(context, run, options));
  });
  withLocation(
    withOutput(
      program
        .command('items')
        .argument('<run>', RUN_ARGUMENT)
        .description('write the items of a run, also of an unfinished one')
        .option('-o, --output <file>', 'a .jsonl or .csv file; - is standard output', '-'),
    ).option('--type <type>', 'only items of this type'),
  ).action(async (run, options) => {
    const { writeItems } = await import('../commands/items.ts');
    done(await writeItems(context, run, options));
  });
  withLocation(
    program
      .command('explain')
      .argument('<run>', RUN_ARGUMENT)
      .description('say why a run is not finished')
      .addOption(jsonOption()),
  ).action(async (run, options) => {
    const { explainRun } = await import('../commands/explain.ts');
    done(await explainRun(context, run, options));
  });
  withLocation(
    program
      .command('top')
      .description(
        'show all runs: shares, what waits for what, stages and limits; in a terminal again and again, until Ctrl-C',
      )
      .option('--json', 'print once, as JSON'),
  ).action(async (options) => {
    const { top } = await import('../commands/top.ts');
    done(await top(context, options));
  });
  withLocation(
    program
      .command('letters')
      .argument('<run>', RUN_ARGUMENT)
      .description('list the nodes of a run that ended in failure, with their ids')
      .addOption(jsonOption()),
  ).action(async (run, options) => {
    const { listLetters } = await import('../commands/letters.ts');
    done(await listLetters(context, run, options));
  });
  withServerOptions(
    withConfig(program.command('modules').description('list the modules of a server').addOption(jsonOption())),
  ).action(async (options) => {
    const { listModules } = await import('../commands/modules.ts');
    done(await listModules(context, options));
  });
}
