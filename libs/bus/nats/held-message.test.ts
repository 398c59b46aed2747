import { expect, it } from 'vitest';
import type { Delivered } from './delivered.ts';
import { HeldMessage } from './held-message.ts';

function open(reply = '$JS.ACK.S.c.2.17.40.1700000000000000000.3', respond?: () => never) {
  const answers: string[] = [];
  const msg = { subject: 's', reply, data: new Uint8Array(), headers: undefined } satisfies Delivered;
  const send = respond ?? ((_subject: string, text: string) => void answers.push(text));
  return { held: new HeldMessage(msg, send), answers };
}

it.each([
  ['$JS.ACK.S.c.1.17.40.1700000000000000000.3', 17, false, 3],
  ['$JS.ACK.S.c.2.17.40.1700000000000000000.0', 17, true, 0],
  ['$JS.ACK._.hash.S.c.3.18.40.1700000000000000000.5.random', 18, true, 5],
])('reads its place from %s, and how many stood behind it', (reply, sequence, isRedelivered, standing) => {
  const { held } = open(reply);
  expect([held.sequence, held.isRedelivered, held.standing]).toEqual([sequence, isRedelivered, standing]);
});

it('is answered once, and signs of life end with that', () => {
  const { held, answers } = open();
  held.keep();
  held.nak(1.5);
  held.keep();
  held.ack();
  held.terminate();
  expect(answers).toEqual(['+WPI', '-NAK {"delay":1500000}']);
});

it('is terminated without a reason, which old servers would not understand', () => {
  const { held, answers } = open();
  held.terminate();
  expect(answers).toEqual(['+TERM']);
});

it('may be answered when the connection is closed', () => {
  const { held } = open(undefined, () => {
    throw new Error('closed');
  });
  held.keep();
  held.ack();
  expect(held.isAnswered).toBe(true);
});

it('is not answered any more when its stream was made anew', () => {
  const { held, answers } = open();
  held.forget();
  held.keep();
  held.ack();
  expect(answers).toEqual([]);
});
