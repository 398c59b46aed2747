import type { ExitCodeValue } from '../exit-codes.ts';
import { type FailedNode, toFailedNode } from '../read/failed-nodes.ts';
import { printSummary } from '../run/end.ts';
import { commandFor } from '../run-location.ts';
import { countOf } from '../terminal/format.ts';
import { toRecord } from './run-message.ts';
import type { ServerScene } from './scene.ts';
import { readDeadLetters } from './server-runs.ts';
import type { EndedServerRun } from './supervise.ts';

/** Failures that are read for the table, which shows them in groups. */
const MAX_READ_FAILURES = 10_000;

/** Prints how a run at a server ended, and returns its exit code. `report` is for a run that had ended before. */
export async function reportServerEnd(
  scene: ServerScene,
  { run, durationMs, items, isReport }: EndedServerRun & { readonly isReport: boolean },
): Promise<ExitCodeValue> {
  const { context, location, server, output, prepared } = scene;
  const record = toRecord(run);
  const command = (name: string): string => commandFor(context, location, name, run.runId);
  return printSummary(scene, {
    run: record,
    end: record.end!,
    itemsByType: await itemsByType(scene, record.end!.items, items, run.runId),
    failed: await readFailures(
      server.calls,
      run.runId,
      prepared.module.steps.map(({ name }) => name),
    ),
    session: isReport ? undefined : { durationMs, pages: undefined, retries: undefined, slowest: [], steps: undefined },
    outputName: output?.name,
    where:
      output === undefined || items === undefined
        ? `${server.address} (${command('items')})`
        : `${output.name} (${countOf(items.rows, 'row')})`,
    showCommand: command('show'),
  });
}

/** Known for a module with one type, and if all items were written; else only the types that are expected are counted. */
async function itemsByType(
  { prepared: { module, expectations }, output, server }: ServerScene,
  total: number,
  items: EndedServerRun['items'],
  runId: string,
): Promise<ReadonlyMap<string, number>> {
  const { itemTypes } = module;
  if (total === 0 || itemTypes.length === 1) return new Map(itemTypes.map((type) => [type, total]));
  if (items !== undefined && output?.type === undefined) {
    return new Map(itemTypes.map((type) => [type, items.countByType.get(type) ?? 0]));
  }
  const counts = new Map<string, number>();
  for (const type of expectations.leastItems.keys()) {
    if (type !== '') counts.set(type, await countItems(server.calls, runId, type));
  }
  return counts;
}

async function countItems(calls: ServerScene['server']['calls'], runId: string, type: string): Promise<number> {
  let count = 0;
  for await (const { items } of calls.listItems({ runId, type })) count += items.length;
  return count;
}

async function readFailures(
  calls: ServerScene['server']['calls'],
  runId: string,
  steps: readonly string[],
): Promise<FailedNode[]> {
  const failed: FailedNode[] = [];
  for await (const letter of readDeadLetters(calls, runId)) {
    failed.push(toFailedNode(letter, steps));
    if (failed.length >= MAX_READ_FAILURES) break;
  }
  return failed;
}
