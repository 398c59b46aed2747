/** The commands that run services; their code is loaded only when one of them runs. */
import type { Command } from 'commander';
import type { CliContext, Done } from '../context.ts';
import { withConfig } from './options.ts';

const FILES = 'modules, .ts or .js files; default: the setting modules.files';

export function addServices(program: Command, context: CliContext, done: Done): void {
  withConfig(
    program
      .command('dev')
      .argument('[files...]', FILES)
      .description(
        'run a whole deployment on this machine, until Ctrl-C: Redis, NATS, PostgreSQL and the five services',
      )
      .option('--listen <host:port>', 'the address that accepts tasks; default: 127.0.0.1:4950')
      .option('--processes <number>', 'processes of each service', '1')
      .option('--fresh', 'start with empty data: delete the data of earlier starts in .catena/dev'),
  ).action(async (files, options) => {
    const { runDev } = await import('../dev/dev.ts');
    done(await runDev(context, files, options));
  });
  withConfig(
    program
      .command('serve')
      .argument('[files...]', FILES)
      .description(
        'run all five services in this process, on the servers that the settings name or on one file, until Ctrl-C',
      )
      .option('--listen <host:port>', 'the address of the gRPC API, with servers only; default: 127.0.0.1:4950')
      .option('--api <host:port>', 'the address of the HTTP API; default: 127.0.0.1:8080 on a file, else off')
      .option('--db <file>', 'the file, if no servers are configured; default: .catena/catena.db'),
  ).action(async (files, options) => {
    const { serveModules } = await import('../commands/serve.ts');
    done(await serveModules(context, files, options));
  });
}
