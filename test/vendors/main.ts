/** `npm run vendors`: the table of behaviours, with what came of each. */
import type { CallItem } from '../../libs/brand/module/items.ts';
import { faultsOf, runBehaviours, type Shown } from './run-behaviours.ts';
import { BEHAVIOURS } from './table.ts';

const shown = await runBehaviours(BEHAVIOURS);
const wrong = shown.filter((each) => faultsOf(each).length > 0);
const lines = ['| vendor | behaviour | row | right |', '| --- | --- | --- | --- |', ...shown.map(lineOf)];
process.stdout.write(`${lines.join('\n')}\n\n${shown.length - wrong.length} of ${shown.length} behaviours are right\n`);
for (const each of wrong)
  process.stderr.write(`${each.behaviour.vendor}: ${each.behaviour.name}\n  ${faultsOf(each).join('\n  ')}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;

function lineOf(each: Shown): string {
  const { vendor, name } = each.behaviour;
  return `| ${vendor} | ${name} | ${each.row === undefined ? 'none' : outcomeOf(each.row)} | ${faultsOf(each).length === 0 ? 'yes' : 'NO'} |`;
}

function outcomeOf({ status, finish, error, attempts, citations, queries }: CallItem): string {
  const found = [
    ...(error === null ? [] : [error.error_type]),
    ...(attempts > 1 ? [`${attempts} requests`] : []),
    ...(citations.length > 0 ? [`${citations.length} cited`] : []),
    ...(queries.length > 0 ? [`${queries.length} searched`] : []),
  ];
  return [`${status}${finish === null || finish === status ? '' : ` (${finish})`}`, ...found].join(', ');
}
