/** What nodes take of Redis: requests of the shop, pending and then finished. */
import { encodeRequest } from '../../../libs/calls/node-body.ts';
import { readJob, tellParent } from '../child.ts';
import { claimed, inLanes, openCoordinated, openWith, refOf, seedOf } from './coordinated.ts';

export interface BytesJob {
  readonly redisUrl: string;
  readonly nodes: number;
}

/** Bytes per node. */
export interface BytesReport {
  readonly body: number;
  readonly pending: number;
  readonly finished: number;
}

const LANES = 64;

const { redisUrl, nodes } = readJob<BytesJob>();
const { redis, coordinator } = await openCoordinated(redisUrl);
const seeds = Array.from({ length: nodes }, (_, at) => {
  const sku = `SKU-${String(at).padStart(6, '0')}`;
  return seedOf('request', sku, encodeRequest({ url: `https://shop.example.com/product/${sku}` }, { sku }));
});
const empty = await usedBytes();
await openWith(coordinator, seeds);
const pending = await usedBytes();
await inLanes(nodes, LANES, async (at) => {
  const { token } = await claimed(coordinator, seeds[at]!, `owner-${at}`);
  await coordinator.commitSuccess({ node: refOf(seeds[at]!), token, children: [], staged: 0, wakeUps: 0 });
});
const finished = await usedBytes();
await tellParent({
  body: seeds.reduce((sum, seed) => sum + Buffer.byteLength(seed.body), 0) / nodes,
  pending: (pending - empty) / nodes,
  finished: (finished - empty) / nodes,
} satisfies BytesReport);
process.exit(0);

/** Of the data: what waits to be written to the file or to clients comes and goes. */
async function usedBytes(): Promise<number> {
  const info = await redis.info('memory');
  const read = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN);
  return read('used_memory') - read('mem_aof_buffer') - read('mem_clients_normal');
}
