/** The commands for named tasks; their code is loaded only when one of them runs. */
import type { Command } from 'commander';
import type { CliContext, Done } from '../context.ts';
import { jsonOption, withLocation } from './options.ts';

export function addTasks(program: Command, context: CliContext, done: Done): void {
  const task = program
    .command('task')
    .description('named tasks, which own runs: list them, show or terminate one, or let new runs of it begin again');
  const add = (command: Command): Command =>
    withLocation(
      command
        .argument('<name>', 'the task, as given to `catena run --task`')
        .option('--account <name>', 'the account of the task', 'default')
        .addOption(jsonOption()),
    );
  add(task.command('show').description('show what its runs have counted, and whether new ones may begin')).action(
    async (name, options) => {
      const { showTask } = await import('../commands/tasks.ts');
      done(await showTask(context, name, options));
    },
  );
  withLocation(
    task
      .command('list')
      .description(
        'list tasks, by account and name: whether new runs may begin, and what their ended runs have counted',
      )
      .option('--account <name>', 'only tasks of this account')
      .option('--terminated', 'only tasks that are terminated: new runs of them are refused')
      .option('--limit <number>', 'how many', '50')
      .addOption(jsonOption()),
  ).action(async (options) => {
    const { listTasks } = await import('../commands/tasks.ts');
    done(await listTasks(context, options));
  });
  add(
    task
      .command('terminate')
      .description('end its open runs for good and refuse new ones until it is lifted; the items stay')
      .requiredOption('--reason <text>', 'why, for its runs and for those that are refused'),
  ).action(async (name, options) => {
    const { terminateTask } = await import('../commands/tasks.ts');
    done(await terminateTask(context, name, options));
  });
  add(
    task.command('lift').description('let new runs begin again: takes mark and cool-down away, and counts from 0'),
  ).action(async (name, options) => {
    const { liftTask } = await import('../commands/tasks.ts');
    done(await liftTask(context, name, options));
  });
}
