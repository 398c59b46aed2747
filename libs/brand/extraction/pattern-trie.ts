/** Many patterns looked for in one pass: a tree of UTF-16 units, walked from every position. */
import type { Meter } from './meter.ts';

interface TrieNode {
  readonly next: Map<number, TrieNode>;
  /** Positions of the patterns that end here. */
  readonly patterns: number[];
}

export interface PatternTrie {
  readonly root: TrieNode;
  readonly lengths: readonly number[];
}

export interface PatternHit {
  readonly pattern: number;
  readonly start: number;
  readonly end: number;
}

/** A trie of the patterns; empty ones never match. */
export function buildTrie(patterns: readonly string[]): PatternTrie {
  const root: TrieNode = { next: new Map(), patterns: [] };
  patterns.forEach((pattern, index) => {
    let node = root;
    for (let at = 0; at < pattern.length; at += 1) {
      const unit = pattern.charCodeAt(at);
      let child = node.next.get(unit);
      if (child === undefined) {
        child = { next: new Map(), patterns: [] };
        node.next.set(unit, child);
      }
      node = child;
    }
    if (pattern !== '') node.patterns.push(index);
  });
  return { root, lengths: patterns.map(({ length }) => length) };
}

/** Every place where a pattern stands and `accepts` it, by start, then by length. At most length × longest pattern steps. */
export function findPatterns(
  trie: PatternTrie,
  text: string,
  accepts: (hit: PatternHit) => boolean,
  meter: Meter,
): PatternHit[] {
  const hits: PatternHit[] = [];
  for (let start = 0; start < text.length; start += 1) {
    let node = trie.root.next.get(text.charCodeAt(start));
    let end = start + 1;
    meter.steps += 1;
    while (node !== undefined) {
      for (const pattern of node.patterns) {
        const hit = { pattern, start, end };
        if (accepts(hit)) hits.push(hit);
      }
      if (end >= text.length) break;
      node = node.next.get(text.charCodeAt(end));
      end += 1;
      meter.steps += 1;
    }
  }
  return hits;
}

/**
 * The hits that remain when the longest go first and none may overlap another; of equal length, the earlier and then
 * the pattern given first. Answers them by start.
 */
export function longestFirst(hits: readonly PatternHit[], length: number, meter: Meter): PatternHit[] {
  const taken = new Uint8Array(length);
  const kept: PatternHit[] = [];
  for (const bucket of byLength(hits)) {
    for (const hit of bucket) {
      meter.steps += 1;
      // What was taken before is at least as long, so it cannot lie between the ends without covering one of them.
      if (taken[hit.start] === 1 || taken[hit.end - 1] === 1) continue;
      taken.fill(1, hit.start, hit.end);
      kept.push(hit);
    }
  }
  return kept.sort((a, b) => a.start - b.start);
}

function byLength(hits: readonly PatternHit[]): PatternHit[][] {
  const buckets = new Map<number, PatternHit[]>();
  for (const hit of hits) {
    const length = hit.end - hit.start;
    const bucket = buckets.get(length);
    if (bucket === undefined) buckets.set(length, [hit]);
    else bucket.push(hit);
  }
  return [...buckets].sort(([a], [b]) => b - a).map(([, bucket]) => bucket);
}
