import { compile } from 'css-select';

type Test = ReturnType<typeof compile>;

/** Selectors come from contracts, so they are few; if a program creates them at run time, the cache is emptied at this size. */
const MAX_KEPT = 1_000;
const kept = new Map<string, Test | undefined>();

/** The compiled selector for HTML; undefined for a selector that only cheerio's extensions support. */
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
