/** Runs rows of the table: one process, one run for each row, all at once. */
import { isDeepStrictEqual } from 'node:util';
import { providerSchema } from '../../libs/brand/codecs/provider.ts';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import type { CallItem } from '../../libs/brand/module/items.ts';
import { ProviderRegistry } from '../../libs/brand/module/provider-registry.ts';
import { ModuleRegistry } from '../../libs/calls/registry.ts';
import { loadConfig } from '../../libs/config/load-config.ts';
import { silentLog } from '../../libs/telemetry/log.ts';
import { startSingleNode } from '../../services/node/single.ts';
import { type Behaviour, QUESTION } from './behaviour.ts';
import { type SeenRequest, startStandIn } from './stand-in.ts';

export interface Shown {
  readonly behaviour: Behaviour;
  readonly row: CallItem | undefined;
  readonly seen: readonly SeenRequest[];
}

/** No row waits for it. */
const DEADLINE_MS = 120_000;
/** What a run has after its last call. */
const RESERVE_MS = 2_000;
const IN_ONE_PROCESS = { 'store.path': ':memory:', sweep_interval_ms: 20 };
const KEY = 'key-of-nobody-123456';

export async function runBehaviours(behaviours: readonly Behaviour[]): Promise<Shown[]> {
  const standIn = await startStandIn((id, nth) => {
    const { sends = [] } = behaviours[Number(id)] ?? {};
    return sends[Math.min(nth, sends.length) - 1];
  });
  const registry = new ProviderRegistry(
    behaviours.map(({ entry: { path, ...entry } }, id) =>
      providerSchema.parse({
        ...{ name: String(id), keyReference: 'STAND_IN_KEY', baseUrl: `${standIn.addressOf(String(id))}${path}` },
        ...{ limits: { requestsPerSecond: 1_000, concurrency: 100 } },
        ...entry,
      }),
    ),
  );
  const module = defineDiagnosis({ registry: () => registry });
  const { config } = loadConfig({ env: {}, overrides: { ...IN_ONE_PROCESS, download_concurrency: 256 } });
  const node = startSingleNode({ config, modules: new ModuleRegistry([module]), log: silentLog });
  try {
    await node.store.putAccount({ account: 'a', platform: 'p', login: { STAND_IN_KEY: KEY }, updatedAtMs: 1 });
    const rows = await Promise.all(
      behaviours.map(async ({ input }, id) => {
        const { runId } = await node.submit({
          modules: [module.id],
          input: {
            ...{ brand: '海澜鞋业', rivals: ['云步', 'Strider'], questions: [QUESTION], models: [String(id)] },
            ...{ maxSources: 0, reserveMs: RESERVE_MS, attempts: 1, cache: false, ...input },
          },
          ...{ account: 'a', platform: 'p', deadlineMs: DEADLINE_MS },
        });
        await node.closed(runId);
        const items = await node.store.readItems({ runId, afterSeq: 0, limit: 100 });
        const call = items.find(({ type }) => type === 'call');
        return call === undefined ? undefined : (JSON.parse(call.data) as CallItem);
      }),
    );
    return behaviours.map((behaviour, id) => ({ behaviour, row: rows[id], seen: standIn.seen(String(id)) }));
  } finally {
    await node.stop();
    await standIn.stop();
  }
}

/** What differs from what a row must be; nothing if it is right. */
export function faultsOf({ behaviour: { row: wanted, asks = [], asksAt }, row, seen }: Shown): string[] {
  const paths =
    asksAt === undefined ? [] : seen.filter(({ path }) => !path.endsWith(asksAt)).map(({ path }) => `asked at ${path}`);
  return [
    ...mismatches(wanted, row, 'row'),
    ...asks.flatMap((each, nth) => mismatches(each, seen[nth]?.body, `request ${nth + 1}`)),
    ...paths,
    ...(JSON.stringify(row ?? null).includes(KEY) ? ['the row holds the key'] : []),
  ];
}

/** Compares the fields that are wanted; lists must be of the same length, and a pattern must match. */
function mismatches(wanted: unknown, found: unknown, at: string): string[] {
  if (wanted instanceof RegExp) {
    return typeof found === 'string' && wanted.test(found)
      ? []
      : [`${at} is ${JSON.stringify(found)}, not like ${String(wanted)}`];
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length)
      return [`${at} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];
    return wanted.flatMap((each, index) => mismatches(each, found[index], `${at}[${index}]`));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    return Object.entries(wanted).flatMap(([key, value]) =>
      mismatches(value, (found as Record<string, unknown> | null | undefined)?.[key], `${at}.${key}`),
    );
  }
  return isDeepStrictEqual(wanted, found) ? [] : [`${at} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];
}
