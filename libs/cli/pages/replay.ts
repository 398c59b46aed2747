/** Runs a step's parse on a recorded page again, without network or engine, and returns the differences. */
import { CatenaError, toCatenaError } from '../../errors/catena-error.ts';
import { canonicalJson } from '../../keys/canonical-json.ts';
import type { Emission, ModuleDefinition } from '../../modules/contract/definition.ts';
import type { LoadedPage } from './page-file.ts';

export interface Difference {
  /** `-` is missing now, `+` is new, `~` has changed, `!` is an error. */
  readonly sign: '-' | '+' | '~' | '!';
  readonly text: string;
}

/** The limit for endless generators, which would hang the test. */
const MAX_EMISSIONS = 100_000;

interface Made {
  readonly items: string[];
  readonly hops: string[];
}

/** Empty if the step yields the same as when the page was recorded. */
export async function replayPage(module: ModuleDefinition, page: LoadedPage): Promise<Difference[]> {
  let made: Made;
  try {
    made = await parse(module, page);
  } catch (thrown) {
    const { code, message } = toCatenaError(thrown, 'parse.threw', 'fatal');
    return [{ sign: '!', text: `${code}: ${message}` }];
  }
  const items = page.items.map(({ type, data }) => lineOf(type, data));
  const differences = compare('item', items, made.items);
  if (page.hops === undefined) return differences;
  const hops = page.hops.map(({ step, state }) => lineOf(step, state));
  return [...differences, ...compare('hop', [...new Set(hops)], [...new Set(made.hops)])];
}

async function parse(module: ModuleDefinition, recorded: LoadedPage): Promise<Made> {
  const index = module.steps.findIndex(({ name }) => name === recorded.step);
  const step = module.steps[index];
  if (step === undefined) {
    throw new CatenaError('module.unknown_step', `${module.id} has no step "${recorded.step}" any more`);
  }
  const { url, status, headers } = recorded.page;
  const emissions = module.parse(index, {
    input: await module.checkInput(recorded.input),
    state: await step.checkState(recorded.state),
    account: recorded.account,
    platform: recorded.platform,
    runId: 'replay',
    signal: new AbortController().signal,
    log: console,
    page: { url, status, headers, body: recorded.bytes },
  });
  const made: Made = { items: [], hops: [] };
  let count = 0;
  for await (const emission of emissions) {
    count += 1;
    if (count > MAX_EMISSIONS) {
      throw new CatenaError('parse.too_many_yields', `the step yielded more than ${MAX_EMISSIONS} times`);
    }
    take(module, made, emission);
  }
  return made;
}

function take(module: ModuleDefinition, made: Made, emission: Emission): void {
  switch (emission.kind) {
    case 'item':
      made.items.push(lineOf(emission.type, emission.data));
      return;
    case 'hop':
      made.hops.push(lineOf(module.steps[emission.step]?.name ?? '', emission.state));
      return;
    case 'retry':
      throw new CatenaError('parse.retry', `the step yielded a retry of the page: ${emission.reason}`);
    case 'drop':
    case 'charge':
      return;
  }
}

/** A name and a value; equal values give equal text. Values pass through JSON first, as they are recorded. */
function lineOf(name: string, value: unknown): string {
  return `${name} ${canonicalJson(JSON.parse(JSON.stringify(value ?? null)))}`;
}

/** Compares multisets. A missing and a new entry of the same name are shown as one change. */
function compare(what: string, before: readonly string[], after: readonly string[]): Difference[] {
  const missing = without(before, after);
  const added = without(after, before);
  const differences: Difference[] = [];
  for (const line of missing) {
    const at = added.findIndex((other) => nameOf(other) === nameOf(line));
    if (at < 0) differences.push({ sign: '-', text: `${what} ${line}` });
    else differences.push({ sign: '~', text: `${what} ${changes(line, added.splice(at, 1)[0]!)}` });
  }
  return [...differences, ...added.map((line): Difference => ({ sign: '+', text: `${what} ${line}` }))];
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const left = counts.get(line) ?? 0;
    if (left > 0) counts.set(line, left - 1);
    return left === 0;
  });
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(' '));
}

/** `product: price 12 → 13, title "a" → "b"`. */
function changes(before: string, after: string): string {
  const [one, other] = [before, after].map((line) => JSON.parse(line.slice(line.indexOf(' ') + 1)) as unknown);
  if (!isObject(one) || !isObject(other)) return `${before} → ${after}`;
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const changed = names
    .map((name) => [name, JSON.stringify(one[name]) ?? 'nothing', JSON.stringify(other[name]) ?? 'nothing'] as const)
    .filter(([, was, is]) => was !== is)
    .map(([name, was, is]) => `${name} ${was} → ${is}`);
  return `${nameOf(before)}: ${changed.join(', ')}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
