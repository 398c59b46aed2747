import { expect, it } from 'vitest';
import { decodeMessage } from '../contracts/chain.ts';
import { LocalLane } from './local-lane.ts';
import type { Delivery, Receiver } from './port.ts';

const MESSAGE = decodeMessage('request', new Uint8Array());

function open(slots: number) {
  const ends: (() => void)[] = [];
  const givenBack: number[] = [];
  const remoteSlots: number[] = [];
  const lane = new LocalLane({
    slots,
    receive: () => new Promise<void>((resolve) => ends.push(resolve)),
    onRemoteSlots: (count) => remoteSlots.push(count),
  });
  const delivery: Delivery<Receiver> = {
    message: MESSAGE,
    ack: () => undefined,
    nak: (delayMs) => givenBack.push(delayMs),
  };
  return { lane, delivery, ends, givenBack, remoteSlots };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('holds a remote delivery that comes when its slot is taken, and takes no local one before it', async () => {
  const { lane, delivery, ends } = open(1);
  expect(lane.offer(delivery)).toBe(true);
  let ended = false;
  const remote = lane.receiveRemote(delivery).then(() => {
    ended = true;
  });
  expect([lane.waiting, lane.offer(delivery), ends.length]).toEqual([1, false, 1]);
  ends[0]!();
  await turn();
  expect([lane.waiting, ends.length, ended]).toEqual([0, 2, false]);
  ends[1]!();
  await remote;
  expect(lane.offer(delivery)).toBe(true);
});

it('has as many local deliveries wait as there are slots, and no more', async () => {
  const { lane, delivery, ends } = open(2);
  const taken = Array.from({ length: 5 }, () => lane.offer(delivery));
  expect(taken).toEqual([true, true, true, true, false]);
  expect([lane.waiting, ends.length]).toEqual([2, 2]);
  for (const end of ends.splice(0)) end();
  await turn();
  expect([lane.waiting, ends.length]).toEqual([0, 2]);
});

it('lets a remote delivery go before local ones that wait', async () => {
  const { lane, delivery, ends } = open(1);
  lane.offer(delivery);
  lane.offer(delivery);
  const started: string[] = [];
  void lane.receiveRemote({ ...delivery, ack: () => started.push('remote') });
  ends[0]!();
  await turn();
  expect([lane.waiting, ends.length]).toEqual([1, 2]);
  expect(lane.offer(delivery)).toBe(false);
});

it('tells the inner bus how many slots are left to it, and always one while local deliveries wait', async () => {
  const { lane, delivery, ends, remoteSlots } = open(2);
  for (let offers = 0; offers < 3; offers++) lane.offer(delivery);
  expect(remoteSlots).toEqual([1, 0, 1]);
  remoteSlots.length = 0;
  for (const end of ends.splice(0)) end();
  await turn();
  expect(remoteSlots).toEqual([0, 1]);
});

it('gives back what waits when it stops, and what comes after', async () => {
  const { lane, delivery, ends, givenBack } = open(1);
  lane.offer(delivery);
  lane.offer(delivery);
  const waiting = lane.receiveRemote(delivery);
  const stopped = lane.stop();
  await waiting;
  await lane.receiveRemote(delivery);
  expect([givenBack.length, ends.length, lane.offer(delivery)]).toEqual([3, 1, false]);
  ends[0]!();
  await stopped;
});
