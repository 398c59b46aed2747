/** The commands that change what becomes of a run; what calls a server is loaded when one of them is given. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ControlAction } from '../commands/control.ts';
import type { CliContext, Done } from '../context.ts';
import { REPLAY_REASONS } from '../replay/file-replay.ts';
import { collect, jsonOption, RUN_ARGUMENT, withLocation } from './options.ts';

const DESCRIPTIONS: Readonly<Record<ControlAction, string>> = {
  cancel: 'end a run for good; its items stay',
  pause: 'begin nothing more of a run at a server until it is resumed',
  resume: 'let a paused run at a server go on',
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
      .description('execute nodes again that ended in failure, with fresh budgets; default: all that failed or crashed')
      .option('--node <id>', 'only this one, repeatable; `catena letters` lists them', collect)
      .option(
        '--reason <reason>',
        `only nodes that ended for it, repeatable: ${REPLAY_REASONS.join(', ')}`,
        collectReason,
      )
      .option('--rejoin', 'later phases run again; otherwise a join that fired stays fired')
      .addOption(jsonOption()),
  ).action(async (run, options) => {
    const { replayRun } = await import('../commands/replay.ts');
    done(await replayRun(context, run, options));
  });
}

function collectReason(value: string, previous: readonly string[] | undefined): readonly string[] {
  if ((REPLAY_REASONS as readonly string[]).includes(value)) return collect(value, previous);
  throw new InvalidArgumentError(`Allowed choices are ${REPLAY_REASONS.join(', ')}.`);
}
