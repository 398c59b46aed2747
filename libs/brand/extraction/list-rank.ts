/** The place of each brand in the list that ranks: its item's number, or its position when nothing is numbered. */
import type { Mention } from './brand.ts';
import { headBrands } from './item-head.ts';
import type { ListGroup, ListItem } from './list-groups.ts';
import { DISCOURAGES } from './recommendation-cues.ts';

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
  /** Brands that stand in a list of what to avoid. */
  readonly discouraged: ReadonlySet<number>;
}

interface RankedGroup {
  readonly group: ListGroup;
  readonly items: readonly RankedItem[];
  readonly brands: ReadonlySet<number>;
  readonly discourages: boolean;
}

/** Headings and bullets of this kind are no candidates and are not counted. */
const GENERIC =
  /概述|概览|总结|总体|结论|小结|建议|对比|前言|引言|背景|维度|标准|如何|怎么|选购|注意|说明|汇总|参考|来源|常见问题|市场|\b(?:intro|introduction|summary|conclusion|overview|how to|verdict|sources?|comparison|faq|tips|criteria|final)\b/i;
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
    ({ group, brands, discourages }) => brands.size > 0 && !discourages && counts(group) && !isInside(group, heads),
  );
  const main = able.reduce<RankedGroup | undefined>(
    (best, each) => (best === undefined || score(each) > score(best) ? each : best),
    undefined,
  );
  const listRank = new Map<number, number>();
  const siblings = able.filter((each) => each !== main && each.group.kind === main?.group.kind);
  for (const { items } of main === undefined ? [] : [main, ...siblings]) {
    for (const { brands, rank } of items) {
      for (const brand of brands) if (!listRank.has(brand)) listRank.set(brand, rank);
    }
  }
  return {
    listRank,
    items: ranked.flatMap(({ items }) => items).sort((a, b) => a.item.start - b.item.start),
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
  const believed = numbersBelieved(group);
  let position = 0;
  for (const item of group.items) {
    const brands = headBrands(text, item.words, within(mentions, item.words.start, item.words.end));
    heads.set(item, brands);
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
  return { group, items, brands, discourages };
}

/** Printed numbers that never fall are ranks; anything else was numbered by a machine that did not care. */
function numbersBelieved({ items, kind }: ListGroup): boolean {
  const numbers = items.flatMap(({ number }) => (number === null ? [] : [number]));
  const ties = kind === 'ordinal' || kind === 'table';
  return numbers.every((number, index) => {
    const before = numbers[index - 1];
    return number > 0 && (before === undefined || number > before || (ties && number === before));
  });
}

/** One item alone is a list only when it is numbered: lists go on under the next heading. */
function counts({ items, kind }: ListGroup): boolean {
  return items.length > 1 || kind === 'number';
}

/** Whether an item about a brand holds the list: what it lists are remarks about that brand. */
function isInside({ parent }: ListGroup, heads: ReadonlyMap<ListItem, readonly number[]>): boolean {
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

/** The mentions in a span, found by bisection. */
export function within(mentions: readonly Mention[], start: number, end: number): Mention[] {
  let low = 0;
  let high = mentions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((mentions[middle] as Mention).start < start) low = middle + 1;
    else high = middle;
  }
  const found: Mention[] = [];
  for (let at = low; at < mentions.length; at += 1) {
    const mention = mentions[at] as Mention;
    if (mention.start >= end) break;
    if (mention.end <= end) found.push(mention);
  }
  return found;
}
