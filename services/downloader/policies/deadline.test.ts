import { expect, it } from 'vitest';
import type { RequestBody } from '../../../libs/calls/node-body.ts';
import { ManualClock } from '../../../libs/clock/clock.ts';
import type { StepPolicy } from '../../../libs/modules/contract/definition.ts';
import { deadline } from './deadline.ts';
import { replyOf, requestContext } from './policy.fixture.ts';
import type { RequestContext } from './policy.ts';

const NOW = 1_000_000;

/** How long a request may take, in milliseconds. */
async function timeOf(asked: Partial<RequestBody>, policy: StepPolicy = {}): Promise<number | undefined> {
  const context = requestContext({ asked, policy, deps: { clock: new ManualClock(NOW) } });
  const passed: RequestContext[] = [];
  await deadline(context, async (changed) => {
    passed.push(changed);
    return replyOf();
  });
  return passed[0]!.request.totalTimeoutMs;
}

it('the time of a request is its own, else its step’s, else the client’s, and never past the moment of its end', async () => {
  expect(await timeOf({})).toBeUndefined();
  expect(await timeOf({}, { timeoutMs: 700 })).toBe(700);
  expect(await timeOf({ timeoutMs: 300 }, { timeoutMs: 700 })).toBe(300);
  expect(await timeOf({ untilMs: NOW + 200 })).toBe(200);
  expect(await timeOf({ untilMs: NOW + 200, timeoutMs: 300 })).toBe(200);
  expect(await timeOf({ untilMs: NOW + 900, timeoutMs: 300 })).toBe(300);
});

it('a request whose time is over is not sent', async () => {
  await expect(timeOf({ untilMs: NOW })).rejects.toMatchObject({
    code: 'download.deadline_exceeded',
    class: 'fatal',
    data: { untilMs: NOW },
  });
});
