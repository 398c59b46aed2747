import { setTimeout as delay } from 'node:timers/promises';
import { defineFault } from './fault.ts';

/** PostgreSQL crashes or is stopped, and is started again. */
export const postgresRestart = defineFault<
  'postgres',
  { readonly signal: 'SIGQUIT' | 'SIGINT' | 'SIGKILL'; readonly downMs: number }
>({
  kind: 'postgres',
  perRound: 2,
  draw: ({ dice }) => ({ signal: dice.pick(['SIGQUIT', 'SIGINT', 'SIGKILL']), downMs: dice.between(200, 2_500) }),
  strike: ({ servers, onEffect }, { signal, downMs }) =>
    servers.postgres.alone(async () => {
      await servers.postgres.halt(signal);
      onEffect('any');
      await delay(downMs);
      await servers.postgres.start();
      return `ended PostgreSQL by ${signal}, started again after ${downMs} ms`;
    }),
  seen: ({ done }) => ({ 'restarts of PostgreSQL': done.length }),
});
