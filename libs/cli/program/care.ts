/** The commands that look after a deployment; their code is loaded only when one of them runs. */
import type { Command } from 'commander';
import type { CliContext, Done } from '../context.ts';
import { jsonOption, withConfig } from './options.ts';

export function addCare(program: Command, context: CliContext, done: Done): void {
  withConfig(
    program
      .command('doctor')
      .description('examine the servers of the settings: what falls short of the chosen durability, and what to do')
      .option('--db <file>', 'the file, if no servers are configured; default: .catena/catena.db')
      .option('--json', 'findings as JSON'),
  ).action(async (options) => {
    const { examine } = await import('../commands/doctor.ts');
    done(await examine(context, options));
  });
  withConfig(
    program
      .command('recover')
      .description('audit all open runs after a server has lost writes, repair them, and print what was found')
      .option('--db <file>', 'the file, if no servers are configured; default: .catena/catena.db')
      .addOption(jsonOption()),
  ).action(async (options) => {
    const { recover } = await import('../commands/recover.ts');
    done(await recover(context, options));
  });
  withConfig(
    program
      .command('migrate')
      .description('create or upgrade the tables of the store; processes whose user may not do it need this first')
      .option('--db <file>', 'the file, if no servers are configured; default: .catena/catena.db'),
  ).action(async (options) => {
    const { migrate } = await import('../commands/recover.ts');
    done(await migrate(context, options));
  });
}
