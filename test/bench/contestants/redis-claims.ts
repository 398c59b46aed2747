/** Claims and commits through the coordinator, beside a script that does nothing: same client, same calls under way. */
import { readJob, tellParent } from '../child.ts';
import { recordProfile } from '../record-profile.ts';
import { claimed, inLanes, LEASE_MS, openCoordinated, openWith, refOf, seedOf } from './coordinated.ts';

export interface ClaimsJob {
  readonly redisUrl: string;
  readonly nodes: number;
  /** Calls under way at once. */
  readonly lanes: number;
  readonly profileTo?: string;
}

/** Calls per second. */
export interface ClaimsReport {
  readonly bare: number;
  readonly claims: number;
  readonly handOvers: number;
  readonly ends: number;
}

const { redisUrl, nodes, lanes, profileTo } = readJob<ClaimsJob>();
const { redis, coordinator } = await openCoordinated(redisUrl);
const body = JSON.stringify({ state: { chain: 12_345, value: 12_345 } });
const seeds = Array.from({ length: nodes }, (_, chain) => seedOf('hop', `first ${chain}`, body));
const next = Array.from({ length: nodes }, (_, chain) => seedOf('hop', `second ${chain}`, body));
await openWith(coordinator, seeds);

const bareSha = (await redis.script('LOAD', 'return 1')) as string;
const callBare = (): Promise<unknown> => redis.evalsha(bareSha, 1, 'chain:{s00}:bare', '');
await inLanes(nodes, lanes, callBare);

const stopProfile = profileTo === undefined ? undefined : await recordProfile(profileTo);
const tokens: string[] = [];
const childTokens: string[] = [];
const bareBefore = await inLanes(nodes, lanes, callBare);
const claiming = await inLanes(nodes, lanes, async (at) => {
  tokens[at] = (await claimed(coordinator, seeds[at]!, `owner-${at}`)).token;
});
const handingOver = await inLanes(nodes, lanes, async (at) => {
  const handOver = { owner: `next-${at}`, leaseMs: LEASE_MS };
  const held = { node: refOf(seeds[at]!), token: tokens[at]! };
  const outcome = await coordinator.commitSuccess({ ...held, children: [next[at]!], staged: 0, wakeUps: 1, handOver });
  if (outcome.next === undefined) throw new Error(`a hand-over was answered ${outcome.code}`);
  childTokens[at] = outcome.next.token;
});
const ending = await inLanes(nodes, lanes, async (at) => {
  const held = { node: refOf(next[at]!), token: childTokens[at]! };
  const { code } = await coordinator.commitSuccess({ ...held, children: [], staged: 0, wakeUps: 0 });
  if (code !== 0) throw new Error(`a commit was answered ${code}`);
});
const bareAfter = await inLanes(nodes, lanes, callBare);
await stopProfile?.();

const perSecond = (seconds: number): number => nodes / seconds;
await tellParent({
  bare: perSecond((bareBefore + bareAfter) / 2),
  claims: perSecond(claiming),
  handOvers: perSecond(handingOver),
  ends: perSecond(ending),
} satisfies ClaimsReport);
process.exit(0);
