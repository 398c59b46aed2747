import { expect, it } from 'vitest';
import { rejection } from '../../../test/fixtures/grpc/probe.ts';
import { channelTarget, resolveTarget, written } from './target.ts';

it.each([
  ['ingress:4950', 'dns:///ingress:4950'],
  ['127.0.0.1:1', 'ipv4:127.0.0.1:1'],
  ['127.0.0.1:1, 127.0.0.2:2', 'ipv4:127.0.0.1:1,127.0.0.2:2'],
  ['[::1]:1,[fd00::1]:2', 'ipv6:[::1]:1,[fd00::1]:2'],
])('names %s as %s for a channel', (target, name) => {
  expect(channelTarget(target)).toBe(name);
});

it.each(['', 'host', 'host:', ':1', 'host:70000', 'http://host:1', 'a:1,b:2', '127.0.0.1:1,[::1]:2', '::1:1', '[x]:1'])(
  'refuses %j',
  (target) => {
    expect(() => channelTarget(target)).toThrow(expect.objectContaining({ code: 'grpc.bad_target' }));
  },
);

it('finds every address once, in order, with the name that led there', async () => {
  const servers = await resolveTarget('127.0.0.2:2,127.0.0.1:1,127.0.0.1:1,localhost:3');
  expect(servers.map(written)).toEqual(expect.arrayContaining(['127.0.0.1:1', '127.0.0.2:2']));
  expect(servers.map(written)).toEqual([...new Set(servers.map(written))].sort());
  expect(servers.filter(({ port }) => port === 3).map(({ name }) => name)).toContain('localhost');
});

it('says which name has no address', async () => {
  expect(await rejection(resolveTarget('no-such-host.invalid:1'))).toMatchObject({
    code: 'grpc.unresolved',
    class: 'retryable',
    message: expect.stringContaining('no-such-host.invalid'),
  });
});
