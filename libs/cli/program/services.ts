/** The commands that serve others. */
import type { Command } from 'commander';
import { serveModules } from '../commands/serve.ts';
import type { CliContext, Done } from '../context.ts';
import { runDev } from '../dev/dev.ts';
import { withConfig } from './options.ts';

const FILES = 'modules, .ts or .js files; default: the setting modules.files';

export function addServices(program: Command, context: CliContext, done: Done): void {
  withConfig(
    program
      .command('dev')
      .argument('[files...]', FILES)
      .description('a whole deployment on this machine: Redis, NATS, PostgreSQL and the five services, until Ctrl-C')
      .option('--listen <host:port>', 'where tasks are taken; default: 127.0.0.1:4950')
      .option('--processes <number>', 'processes of each service', '1')
      .option('--fresh', 'begin with empty data: what earlier starts left in .catena/dev is removed'),
  ).action(async (files, options) => done(await runDev(context, files, options)));
  withConfig(
    program
      .command('serve')
      .argument('[files...]', FILES)
      .description(
        'all five services in this process, over the servers that the settings name or one file, until Ctrl-C',
      )
      .option('--listen <host:port>', 'where calls are taken, over servers; default: 127.0.0.1:4950')
      .option('--api <host:port>', 'where the HTTP API answers; default: 127.0.0.1:8080 over a file, else nowhere')
      .option('--db <file>', 'the file, where no servers are configured; default: .catena/catena.db'),
  ).action(async (files, options) => done(await serveModules(context, files, options)));
}
