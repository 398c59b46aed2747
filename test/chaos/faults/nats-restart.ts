import { setTimeout as delay } from 'node:timers/promises';
import { defineFault } from './fault.ts';

/** All servers of NATS are killed, and started again with its data or empty. */
export const natsRestart = defineFault<'nats', { readonly downMs: number; readonly keepsData: boolean }>({
  kind: 'nats',
  perRound: 2,
  draw: ({ dice }, nth) => ({ downMs: dice.between(200, 2_500), keepsData: nth === 0 }),
  async strike({ servers, onEffect }, { downMs, keepsData }) {
    await servers.nats.halt('SIGKILL');
    onEffect('any');
    await delay(downMs);
    await servers.nats.resume({ keepData: keepsData });
    return `killed all servers of NATS, started again after ${downMs} ms ${keepsData ? 'with their data' : 'empty'}`;
  },
  seen: ({ done }) => ({
    'restarts of NATS with its data': done.filter(({ keepsData }) => keepsData).length,
    'restarts of NATS without': done.filter(({ keepsData }) => !keepsData).length,
  }),
});
