/** The place of each brand in the list that ranks: its item's number, or its position when nothing is numbered. */
import type { Mention } from './brand.ts';
import { brandsPutForward, headBrands } from './item-head.ts';
import type { ListGroup, ListItem } from './list-groups.ts';
import { within } from './mentions-within.ts';
import { DISCOURAGES, onlyCompares } from './recommendation-cues.ts';

/** An item that is about brands. */
export interface RankedItem {
  readonly item: ListItem;
  readonly brands: readonly number[];
  readonly rank: number;
}

export interface Ranking {
  /** By brand; absent for a brand that no ranking list has. */
  readonly listRank: ReadonlyMap<number, number>;
  /** Items of every list that name a brand in their head, by position: their text is about it. */
  readonly items: readonly RankedItem[];
  /** Brands that some list puts forward, of whatever kind and depth, unless it only compares. */
  readonly putForward: ReadonlySet<number>;
  /** Brands that stand in a list of what to avoid. */
  readonly discouraged: ReadonlySet<number>;
}

interface RankedGroup {
  readonly group: ListGroup;
  readonly items: readonly RankedItem[];
  readonly brands: ReadonlySet<number>;
  readonly putForward: ReadonlySet<number>;
  readonly discourages: boolean;
}

/** Headings and bullets of this kind are no candidates and are not counted. */
const GENERIC =
  /概述|概览|总结|总体|结论|小结|建议|对比|前言|引言|背景|维度|标准|如何|怎么|选购|注意|说明|汇总|参考|来源|常见问题|市场|\b(?:intro|introduction|summary|conclusion|overview|how to|verdict|sources?|comparison|faq|tips|criteria|final)\b/i;
/** The line above a list that names origins. */
const SOURCES = /来源|参考(?:资料|文献|链接)|引用|\b(?:sources?|references?|citations?)\b/i;
const LIST_BONUS: Readonly<Record<ListGroup['kind'], number>> = {
  number: 1.5,
  ordinal: 1.5,
  inline: 1.5,
  bullet: 0.5,
  heading: 0.5,
  bold: 0.5,
  table: 0,
};
const MAX_RANK = 999;

/** `mentions` are those that count, by position. */
export function rankBrands(text: string, groups: readonly ListGroup[], mentions: readonly Mention[]): Ranking {
  const heads = new Map<ListItem, readonly number[]>();
  const ranked = groups.map((group) => rankGroup(text, group, mentions, heads));
  const able = ranked.filter(
    ({ group, brands, discourages }) =>
      brands.size > 0 &&
      !discourages &&
      group.items.length > 1 &&
      !isInside(group, heads) &&
      !SOURCES.test(group.intro),
  );
  const main = able.reduce<RankedGroup | undefined>(
    (best, each) => (best === undefined || score(each) > score(best) ? each : best),
    undefined,
  );
  const listRank = new Map<number, number>();
  for (const { brands, rank } of main?.items ?? []) {
    for (const brand of brands) listRank.set(brand, Math.min(rank, listRank.get(brand) ?? rank));
  }
  return {
    listRank,
    items: ranked.flatMap(({ items }) => items).sort((a, b) => a.item.start - b.item.start),
    putForward: new Set(ranked.flatMap((each) => (proposes(each.group) ? [...each.putForward] : []))),
    discouraged: new Set(ranked.flatMap(({ discourages, brands }) => (discourages ? [...brands] : []))),
  };
}

function rankGroup(
  text: string,
  group: ListGroup,
  mentions: readonly Mention[],
  heads: Map<ListItem, readonly number[]>,
): RankedGroup {
  const items: RankedItem[] = [];
  const putForward = new Set<number>();
  const believed = numbersBelieved(group);
  let position = 0;
  for (const item of group.items) {
    const own = within(mentions, item.words.start, item.words.end);
    const brands = headBrands(text, item.words, own);
    for (const brand of brandsPutForward(text, item.words, own, brands)) putForward.add(brand);
    // A heading alone is no item of a list: what stands below it is not about its brands only.
    if (group.items.length > 1) heads.set(item, brands);
    const unnumbered = item.number === null && brands.length === 0;
    if (unnumbered && GENERIC.test(text.slice(item.words.start, Math.min(item.words.end, item.words.start + 40)))) {
      continue;
    }
    position += 1;
    const rank = believed && item.number !== null ? item.number : position;
    if (brands.length > 0 && rank <= MAX_RANK) items.push({ item, brands, rank });
  }
  const brands = new Set(items.flatMap((item) => item.brands));
  const discourages = DISCOURAGES.test(group.intro) && !/避坑指南|避雷指南/.test(group.intro);
  return { group, items, brands, putForward, discourages };
}

/** A list of more than one item that names no origins and does not only compare; a table with ranks does more. */
function proposes({ items, kind, intro }: ListGroup): boolean {
  if (items.length < 2 || SOURCES.test(intro)) return false;
  return !onlyCompares(intro) || (kind === 'table' && items.some(({ number }) => number !== null));
}

/** Printed numbers are ranks, unless all are the same: Markdown lets a list be numbered so. */
function numbersBelieved({ items }: ListGroup): boolean {
  return new Set(items.map(({ number }) => number)).size > 1;
}

/** Whether the list is indented below an item, or an item about a brand holds it: what it lists are remarks about that. */
function isInside({ parent, indented }: ListGroup, heads: ReadonlyMap<ListItem, readonly number[]>): boolean {
  if (indented) return true;
  for (let item = parent; item !== undefined; item = item.parent) {
    if ((heads.get(item)?.length ?? 0) > 0) return true;
  }
  return false;
}

function score({ group, brands }: RankedGroup): number {
  return group.kind === 'table'
    ? brands.size / 2
    : brands.size + LIST_BONUS[group.kind] + (group.level > 0 && group.kind === 'number' ? 0.1 : 0);
}
