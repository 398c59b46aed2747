import { expect, it, vi } from 'vitest';
import { createHttpClient } from '../http/http-client.ts';
import { answerOf, hopContext, replyOf, requestContext } from './policy.fixture.ts';
import { privateTarget, privateTargets } from './private-targets.ts';

it.each([0, 1])('an address that must not be reached is refused before anything else, at hop %i', async (redirects) => {
  const http = createHttpClient({ denyPrivateTargets: true });
  const sending = requestContext({ deps: { http } });
  const sent = vi.fn(async () => answerOf());
  const hop = hopContext(sending, { url: 'http://169.254.169.254/latest', redirects });
  await expect(privateTargets(hop, sent)).rejects.toMatchObject({
    code: 'download.private_target',
    class: 'fatal',
    data: { address: '169.254.169.254' },
  });
  expect(sent).not.toHaveBeenCalled();
  await privateTargets(hopContext(sending, { url: 'http://8.8.8.8/', redirects }), sent);
  expect(sent).toHaveBeenCalledOnce();
  await http.close();
});

it('a request to such an address is refused before its robots.txt is asked for', async () => {
  const http = createHttpClient();
  const sent = vi.fn(async () => replyOf());
  const trusted = requestContext({ deps: { http }, asked: { url: 'http://169.254.169.254/' } });
  const untrusted = { ...trusted, request: { ...trusted.request, isUntrusted: true } };
  await expect(privateTarget(untrusted, sent)).rejects.toMatchObject({ code: 'download.private_target' });
  expect(sent).not.toHaveBeenCalled();
  await privateTarget(trusted, sent);
  expect(sent).toHaveBeenCalledOnce();
  await http.close();
});
