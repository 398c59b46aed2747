/** Catena in one process, as a contestant runs it: the default configuration but for what a benchmark has to set. */

import { ModuleRegistry } from '../../../libs/calls/registry.ts';
import type { ServedModule } from '../../../libs/calls/served-module.ts';
import { loadConfig } from '../../../libs/config/load-config.ts';
import type { ModuleDefinition } from '../../../libs/modules/contract/definition.ts';
import type { NewRun, RunRecord } from '../../../libs/store/port.ts';
import { silentLog } from '../../../libs/telemetry/log.ts';
import type { RunningNode } from '../../../services/node/running.ts';
import { type SingleNodeOptions, startSingleNode } from '../../../services/node/single.ts';

type Overrides = NonNullable<Parameters<typeof loadConfig>[0]['overrides']>;

/** Opens the database, `:memory:` or a file, and starts the stages. */
export function startBenchNode(
  module: ModuleDefinition | ServedModule,
  path: string,
  overrides: Overrides = {},
  options: Pick<SingleNodeOptions, 'wrapBus'> = {},
): RunningNode {
  const { config } = loadConfig({ env: {}, overrides: { 'store.path': path, ...overrides } });
  return startSingleNode({ config, modules: new ModuleRegistry([module]), log: silentLog, ...options });
}

export function submit(node: RunningNode, module: Pick<ServedModule, 'id'>, input: object): Promise<NewRun> {
  return node.submit({ modules: [module.id], input, account: 'bench', platform: 'bench' });
}

/** The run's end; throws when it did not complete with every node done. */
export async function completed(node: RunningNode, runId: string): Promise<NonNullable<RunRecord['end']>> {
  await node.closed(runId);
  const end = (await node.store.findRun(runId))?.end;
  if (end?.finishReason === 'completed' && end.dead === 0) return end;
  throw new Error(`the run ended otherwise than it should: ${JSON.stringify(end)}`);
}

/** The data of every item of a run. */
export async function itemsOf(node: RunningNode, runId: string): Promise<unknown[]> {
  const items: unknown[] = [];
  for (let afterSeq = 0; ; ) {
    const rows = await node.store.readItems({ runId, afterSeq, limit: 1_000 });
    for (const { data } of rows) items.push(JSON.parse(data));
    const last = rows.at(-1);
    if (last === undefined) return items;
    afterSeq = last.seq;
  }
}
