import { expect, it } from 'vitest';
import { firstHop } from '../http/hop.ts';
import { redirected } from '../http/redirect.ts';
import { replyOf, requestContext } from './policy.fixture.ts';
import type { RequestContext } from './policy.ts';
import { secrets } from './secrets.ts';

const KEY = 'k3y-of-the-shop';

function open(headers: Record<string, string>) {
  const passed: RequestContext[] = [];
  const known: Record<string, string> = { KEY, SHORT: '1234567' };
  const secret = async (_task: unknown, name: string) => known[name];
  const context = requestContext({ asked: { headers }, deps: { secret } });
  const send = (reply = replyOf()) =>
    secrets(context, async (changed) => {
      passed.push(changed);
      return reply;
    });
  return { send, passed };
}

it('stand in the headers that name them, when the request is sent', async () => {
  const { send, passed } = open({ 'X-Key': 'Bearer {{secret:KEY}}', accept: '*/*' });
  await send();
  expect(passed[0]!.request).toMatchObject({
    headers: { 'X-Key': `Bearer ${KEY}`, accept: '*/*' },
    originOnly: ['X-Key'],
  });
});

it('go to no other origin', async () => {
  const { send, passed } = open({ 'X-Key': '{{secret:KEY}}' });
  await send();
  const hop = firstHop(passed[0]!.request, 'Bench');
  expect(redirected(hop, 302, '/inside')!.headers.get('x-key')).toBe(KEY);
  expect(redirected(hop, 302, 'http://other.test/')!.headers.has('x-key')).toBe(false);
});

it('are taken out of whatever comes back', async () => {
  const { send } = open({ 'x-key': '{{secret:KEY}}' });
  const reply = await send(
    replyOf({
      url: `http://shop.test/?k=${KEY}`,
      headers: [['x-echo', KEY]],
      body: Buffer.from(`\xff ${KEY}`, 'latin1'),
    }),
  );
  expect(reply).toMatchObject({ url: 'http://shop.test/?k=[secret]', headers: [['x-echo', '[secret]']] });
  expect(Buffer.from(reply.body).toString('latin1')).toBe('\xff [secret]');
});

it('that are missing keep the request from being sent, by name alone', async () => {
  const { send, passed } = open({ 'x-key': '{{secret:OTHER}} {{secret:KEY}}' });
  await expect(send()).rejects.toMatchObject({ code: 'download.secret_missing', data: { name: 'OTHER' } });
  expect(passed).toEqual([]);
});

it('S9: that are too short to be found again keep the request from being sent', async () => {
  const { send, passed } = open({ 'x-key': '{{secret:SHORT}}' });
  const failure = expect(send()).rejects;
  await failure.toMatchObject({ code: 'download.secret_too_short', class: 'fatal', data: { name: 'SHORT' } });
  await expect(send()).rejects.not.toMatchObject({ message: expect.stringContaining('1234567') });
  expect(passed).toEqual([]);
});

it('are known to the policies that store what a request has received so far', async () => {
  const { send, passed } = open({ 'x-key': '{{secret:KEY}}' });
  await send();
  expect(passed[0]!.echoes!.removedFrom(`a ${KEY}`)).toBe('a [secret]');
});
