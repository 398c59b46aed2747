/**
 * What a run of the chaos module finds, as a function of its seed alone: the pages of its site, and the items that it must
 * leave. The site and the judge both read it, the engine never does.
 */
import { Dice, fractionOf, hash32 } from '../../examples/shop/site/random.ts';
import { SHORT_FAULTS } from '../fixtures/author-faults.ts';

/** The shape of one run. */
export interface World {
  readonly seed: number;
  readonly lists: number;
  readonly detailsPerList: number;
  /** Children of one compute step; above 500 they are staged. */
  readonly leaves: number;
  readonly reports: number;
  /** What the parser does on the faulty page: a place in `SHORT_FAULTS`. */
  readonly fault: number;
}

export interface Item {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** More than one commit may carry. */
const MANY_LEAVES = 650;
const FEW_LEAVES = 60;
/** A body that goes by reference instead of with its message, in characters. */
const LARGE_PAGE_CHARS = 12_000;

/** The nth run of a seed: every third has a step with many children. */
export function worldOf(seed: number, nth: number): World {
  const dice = new Dice(`${seed}/world/${nth}`);
  const leaves = nth % 3 === 0 ? MANY_LEAVES : FEW_LEAVES;
  return {
    seed: hash32(`${seed}/${nth}`),
    lists: dice.between(5, 7),
    detailsPerList: dice.between(45, 55),
    leaves,
    reports: dice.between(3, 6),
    fault: nth % SHORT_FAULTS.length,
  };
}

/** For each node of the run that must be dead, the codes by which it may be. */
export function deathsOf({ fault }: World): (readonly string[])[] {
  return [SHORT_FAULTS[fault]!.codes];
}

/** Nodes that the run comes to: hops and requests, its start and its join included, and those that must be dead. */
export function nodesOf(world: World): number {
  const details = detailIds(world);
  const parts = details.reduce((sum, id) => sum + detailOf(world, id).parts, 0);
  return 3 + 2 * (world.lists + details.length + world.reports + 1) + parts + world.leaves;
}

/** The paths of all its pages, without the run's own prefix. */
export function pagesOf(world: World): string[] {
  return [
    ...range(world.lists).map((at) => `list/${at + 1}`),
    ...detailIds(world).map((id) => `detail/${id}`),
    ...range(world.reports).map((at) => `report/${at}`),
    `faulty/${world.fault}`,
  ];
}

/** What stands on a page; undefined for one that does not exist. */
export function pageOf(world: World, path: string): Record<string, unknown> | undefined {
  const [kind, number = ''] = path.split('/');
  if (!/^\d+$/.test(number)) return undefined;
  const at = Number(number);
  if (kind === 'list' && at >= 1 && at <= world.lists) return listOf(world, at);
  if (kind === 'detail' && at < world.lists * world.detailsPerList) return detailOf(world, at);
  if (kind === 'report' && at < world.reports) return { report: at, text: reportText(world, at) };
  if (kind === 'faulty' && at === world.fault) return { fault: at };
  return undefined;
}

/** The items that an undisturbed run leaves, in no order. */
export function itemsOf(world: World): Item[] {
  const details = detailIds(world).map((id) => detailOf(world, id));
  const parts = details.flatMap(({ id, value, parts: count }) =>
    range(count).map((part) => ({ id, part, product: value * (part + 1) })),
  );
  const leaves = range(world.leaves);
  const joined = {
    records: details.length,
    parts: parts.length,
    leaves: leaves.length,
    sum: sumOf(details.map(({ value }) => value)) + sumOf(parts.map(({ product }) => product)) + sumOf(leaves),
  };
  return [
    ...details.map(({ id, value }) => ({ type: 'record', data: { id, value } })),
    ...parts.map((data) => ({ type: 'part', data })),
    ...leaves.map((leaf) => ({ type: 'leaf', data: { leaf } })),
    { type: 'joined', data: joined },
    ...range(world.reports).map((report) => ({ type: 'reported', data: { report, text: reportText(world, report) } })),
  ];
}

function listOf(world: World, page: number) {
  const first = (page - 1) * world.detailsPerList;
  return { page, ids: range(world.detailsPerList).map((at) => first + at), next: page < world.lists };
}

/** A detail links to others that a list names too: the same hop reached twice is one. */
function detailOf({ seed, lists, detailsPerList }: World, id: number) {
  const dice = new Dice(`${seed}/detail/${id}`);
  const value = dice.between(1, 1_000_000);
  const parts = dice.between(0, 2);
  const links = range(dice.between(0, 2)).map(() => dice.between(0, lists * detailsPerList - 1));
  const isLarge = fractionOf(`${seed}/large/${id}`) < 0.03;
  return { id, value, parts, links, filler: isLarge ? 'x'.repeat(LARGE_PAGE_CHARS) : '' };
}

function detailIds(world: World): number[] {
  return range(world.lists * world.detailsPerList);
}

function reportText({ seed }: World, report: number): string {
  return hash32(`${seed}/report/${report}`).toString(36);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
