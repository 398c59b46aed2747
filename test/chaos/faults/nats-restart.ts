import { setTimeout as delay } from 'node:timers/promises';
import { defineFault } from './fault.ts';

/** NATS is killed, and started again with its data or empty. */
export const natsRestart = defineFault<'nats', { readonly downMs: number; readonly keepsData: boolean }>({
  kind: 'nats',
  perRound: 2,
  draw: ({ dice }, nth) => ({ downMs: dice.between(200, 2_500), keepsData: nth === 0 }),
  async strike({ servers, onEffect }, { downMs, keepsData }) {
    await servers.nats.halt('SIGKILL');
    onEffect('any');
    await delay(downMs);
    await servers.nats.restart({ keepData: keepsData });
    return `killed NATS, started again after ${downMs} ms ${keepsData ? 'with its data' : 'empty'}`;
  },
  seen: ({ done }) => ({
    'restarts of NATS with its data': done.filter(({ keepsData }) => keepsData).length,
    'restarts of NATS without': done.filter(({ keepsData }) => !keepsData).length,
  }),
});
