import { setTimeout as delay } from 'node:timers/promises';
import { STREAMS } from '../../../libs/contracts/subjects.ts';
import { defineFault } from './fault.ts';

/** The server of NATS that leads the stream of requests is killed. */
export const natsLeader = defineFault<'nats_leader', { readonly downMs: number }>({
  kind: 'nats_leader',
  perRound: 1,
  draw: ({ dice }) => ({ downMs: dice.between(500, 4_000) }),
  async strike({ servers, onEffect }, { downMs }) {
    const stream = STREAMS.find(({ consumer }) => consumer === 'downloader')!;
    const leader = await servers.nats.leaderOf(stream.name, stream.consumer).catch(() => undefined);
    if (leader?.isUp !== true) return undefined;
    await leader.halt('SIGKILL');
    onEffect('request');
    await delay(downMs);
    await leader.resume();
    return `killed ${leader.name}, which led ${stream.consumer} of ${stream.name}, started again after ${downMs} ms`;
  },
  seen: ({ done }) => ({ 'leaders of NATS killed': done.length }),
});
