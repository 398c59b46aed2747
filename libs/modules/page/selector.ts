import { compile } from 'css-select';

type Test = ReturnType<typeof compile>;

/** Selectors come from contracts, so they are few; a program that makes them up at run time starts over here. */
const MAX_KEPT = 1_000;
const kept = new Map<string, Test | undefined>();

/** The test of a selector for HTML; undefined for one that only cheerio's own extensions understand. */
export function compiled(selector: string): Test | undefined {
  if (kept.has(selector)) return kept.get(selector);
  if (kept.size >= MAX_KEPT) kept.clear();
  const test = tryCompile(selector);
  kept.set(selector, test);
  return test;
}

function tryCompile(selector: string): Test | undefined {
  try {
    return compile(selector);
  } catch {
    return undefined;
  }
}
