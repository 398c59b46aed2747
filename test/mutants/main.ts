/**
 * `npm run mutants`: applies each patch of `patches/` to a copy of the tree and runs the suite that must notice. First each
 * suite must pass without a patch: one that fails anyway would catch everything. Exit code 0 when every mutant was caught.
 */
import { parseArgs } from 'node:util';
import { type CopiedTree, copyTree } from './copied-tree.ts';
import { type Mutant, readMutants, type Suite } from './mutant.ts';
import { runSuite, type SuiteRun } from './suite-run.ts';

const usage = `usage: npm run mutants -- [NAME…]
  NAME   only mutants whose name contains it
`;

interface Judged {
  readonly mutant: Mutant;
  readonly verdict: 'killed' | 'survived' | 'broken' | 'does not apply';
  readonly said: string;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: 'boolean' } } });

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  const all = await readMutants();
  const chosen = all.filter(({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new Error(`no mutant is called like ${positionals.join(' or ')}`);
  const tree = await copyTree(new URL('../..', import.meta.url).pathname);
  try {
    const unfit = await unfitSuites(tree, chosen, interrupted.signal);
    const judged: Judged[] = [];
    for (const mutant of chosen) {
      if (unfit.has(keyOf(mutant.suite))) continue;
      judged.push(await judge(tree, mutant, interrupted.signal));
      process.stdout.write(lineOf(judged.at(-1)!));
    }
    const killed = judged.filter(({ verdict }) => verdict === 'killed').length;
    process.stdout.write(`${killed} of ${chosen.length} mutants killed\n`);
    process.exitCode = killed === chosen.length ? 0 : 1;
  } finally {
    await tree.remove();
  }
}

/** Suites that do not pass on the tree as it is. */
async function unfitSuites(tree: CopiedTree, mutants: readonly Mutant[], signal: AbortSignal): Promise<Set<string>> {
  const unfit = new Set<string>();
  const suites = new Map(mutants.map(({ suite }) => [keyOf(suite), suite]));
  for (const [key, suite] of suites) {
    const { end, first } = await runSuite(tree.path, suite, signal);
    if (end === 'passed') continue;
    unfit.add(key);
    process.stdout.write(`${key} does not pass without a mutant: ${first}\n`);
  }
  return unfit;
}

async function judge(tree: CopiedTree, mutant: Mutant, signal: AbortSignal): Promise<Judged> {
  try {
    await tree.apply(mutant.path);
  } catch (error) {
    return { mutant, verdict: 'does not apply', said: String((error as { stderr?: string }).stderr ?? error).trim() };
  }
  try {
    const run = await runSuite(tree.path, mutant.suite, signal);
    return { mutant, verdict: verdictOf(run), said: run.first };
  } finally {
    await tree.takeBack(mutant.path);
  }
}

function verdictOf({ end }: SuiteRun): Judged['verdict'] {
  if (end === 'failed') return 'killed';
  return end === 'passed' ? 'survived' : 'broken';
}

function lineOf({ mutant: { name, invariant, suite }, verdict, said }: Judged): string {
  const why = verdict === 'killed' ? '' : `\n    ${invariant}\n    ${keyOf(suite)}\n    ${said}`;
  return `${verdict.padEnd(15)}${name}${why}\n`;
}

function keyOf({ project, file }: Suite): string {
  return `${project} ${file}`;
}

await main();
