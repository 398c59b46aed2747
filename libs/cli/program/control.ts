/** The commands that control a run; the code that calls a server is loaded only when one of them runs. */
import { type Command, InvalidArgumentError } from 'commander';
import { REPLAYABLE } from '../../coordination/protocol/node.ts';
import type { ControlAction } from '../commands/control.ts';
import type { CliContext, Done } from '../context.ts';
import { collect, jsonOption, RUN_ARGUMENT, withLocation } from './options.ts';

const DESCRIPTIONS: Readonly<Record<ControlAction, string>> = {
  cancel: 'end a run for good; its items stay',
  pause: 'pause a run at a server: nothing new is executed until it is resumed',
  resume: 'resume a paused run at a server',
};

export function addControl(program: Command, context: CliContext, done: Done): void {
  for (const action of ['cancel', 'pause', 'resume'] as const) {
    withLocation(
      program.command(action).argument('<run>', RUN_ARGUMENT).description(DESCRIPTIONS[action]).addOption(jsonOption()),
    ).action(async (run, options) => {
      const { controlRun } = await import('../commands/control.ts');
      done(await controlRun(context, action, run, options));
    });
  }
  withLocation(
    program
      .command('replay')
      .argument('<run>', RUN_ARGUMENT)
      .description('execute failed nodes again, with fresh budgets; default: all that failed or crashed')
      .option('--node <id>', 'only this node, repeatable; `catena letters` lists the ids', collect)
      .option(
        '--reason <reason>',
        `only nodes that ended for this reason, repeatable: ${REPLAYABLE.join(', ')}`,
        collectReason,
      )
      .option('--rejoin', 'run later phases again; otherwise a join that has happened is not repeated')
      .addOption(jsonOption()),
  ).action(async (run, options) => {
    const { replayRun } = await import('../commands/replay.ts');
    done(await replayRun(context, run, options));
  });
}

function collectReason(value: string, previous: readonly string[] | undefined): readonly string[] {
  if ((REPLAYABLE as readonly string[]).includes(value)) return collect(value, previous);
  throw new InvalidArgumentError(`Allowed choices are ${REPLAYABLE.join(', ')}.`);
}
