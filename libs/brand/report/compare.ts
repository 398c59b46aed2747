/**
 * Compares runs of one brand over time. Only calls that all of them made are compared: the same question to the same model with the
 * same prompt. Every run's answers are read again by the current extraction, so that a difference never comes from the extraction.
 */
import { CatenaError } from '../../errors/catena-error.ts';
import { type BrandFigures, brandFigures } from '../figures/brand-figures.ts';
import { type Figure, overlap } from '../figures/figure.ts';
import { type BrandNoise, noiseOf } from '../figures/noise.ts';
import { BRAND_SCALES, type FigureName, type Scale } from '../figures/observation.ts';
import { brandsOf } from '../module/input.ts';
import type { CallItem } from '../module/items.ts';
import { answerRows } from '../module/rank.ts';
import type { RunReport } from './run-report.ts';

/** The figures that are compared, in the order in which they are shown. */
export const COMPARED: readonly FigureName[] = [
  'mentionRate',
  'firstMentionRate',
  'top3Rate',
  'averageRank',
  'shareOfVoice',
  'recommendationRate',
  'sentiment',
  'interception',
  'citationRate',
];

export interface ComparedFigure {
  readonly name: FigureName;
  readonly scale: Scale;
  /** Of each run, oldest first. */
  readonly values: readonly Figure[];
  /** The newest minus the oldest; null if one of them has no value. */
  readonly difference: number | null;
  /**
   * Whether the difference may be chance: the 95 % intervals of the oldest and the newest overlap, or it is no larger than what two
   * halves of one of them differ by. Null when one of them has no interval. Intervals that do not overlap are a stricter test than 95 %.
   */
  readonly withinNoise: boolean | null;
  /** What two halves of a run differ by, the most of the compared runs; null without repeats. */
  readonly noise: number | null;
  /** Whether the oldest or the newest is based on fewer than ten answers. */
  readonly tooThin: boolean;
}

export interface ComparedRun {
  readonly runId: string;
  readonly acceptedAtMs: number;
  /** Of the compared calls. */
  readonly calls: number;
  readonly answered: number;
}

/** What only some of the runs have; it is left out. */
export interface LeftOut {
  readonly questions: readonly string[];
  readonly models: readonly string[];
  readonly brands: readonly string[];
  /** Questions that were asked under different prompts. */
  readonly otherPrompt: readonly string[];
  /** Brands with other names in some runs; the names of the newest run are used for all. */
  readonly otherNames: readonly string[];
}

export interface Comparison {
  /** Oldest first. */
  readonly runs: readonly ComparedRun[];
  /** Calls that all runs have: questions without a brand name × models. */
  readonly questions: readonly string[];
  readonly models: readonly string[];
  readonly brands: readonly { readonly brand: string; readonly figures: readonly ComparedFigure[] }[];
  readonly leftOut: LeftOut;
}

/**
 * Compares runs of one brand, in any order. Questions that name the brand are left out: they measure no visibility.
 * Throws `brand.not_comparable` for runs of different brands, and for none.
 */
export function compareRuns(reports: readonly RunReport[]): Comparison {
  const runs = [...reports].sort((one, other) => one.acceptedAtMs - other.acceptedAtMs);
  const newest = runs.at(-1);
  const mains = [...new Set(runs.map(mainBrand))];
  if (newest === undefined || mains.length !== 1) throw notComparable(mains);
  const bare = runs.map((run) => run.calls.filter(({ branded }) => !branded));
  const shared = common(bare.map((calls) => calls.map(keyOf)));
  const calls = bare.map((all) => all.filter((call) => shared.has(keyOf(call))));
  const names = runs.map((run) => brandsOf(run.input).map(({ name }) => name));
  const sharedNames = common(names);
  const brands = brandsOf(newest.input).filter(({ name }) => sharedNames.has(name));
  const rivals = newest.input.rivals.filter((rival) => sharedNames.has(typeof rival === 'string' ? rival : rival.name));
  const rows = calls.map((own) => answerRows({ ...newest.input, rivals }, own));
  const questions = [...new Set(calls.flat().map(({ question }) => question))];
  const models = [...new Set(calls.flat().map(({ model }) => model))];
  return {
    runs: runs.map(({ runId, acceptedAtMs }, index) => ({
      runId,
      acceptedAtMs,
      calls: calls[index]?.length ?? 0,
      answered: calls[index]?.filter(({ response }) => response !== null).length ?? 0,
    })),
    questions,
    models,
    brands: brands.map(({ name, domains }) => {
      const ofRuns = rows.map((own) => brandFigures(own, name, { domains: domains ?? [] }));
      const noise = rows.flatMap((own) => noiseOf(own, [{ name, domains: domains ?? [] }]) ?? []);
      return { brand: name, figures: COMPARED.map((figure) => compared(figure, ofRuns, noise)) };
    }),
    leftOut: leftOut(runs, bare, { questions, models, brands: [...sharedNames] }),
  };
}

/**
 * The runs of the same brand that asked at least everything that this one asked of the same models, with this run itself: a comparison
 * of them leaves out nothing of this run.
 */
export function runsLike(run: RunReport, others: readonly RunReport[]): RunReport[] {
  const wanted = new Set(run.calls.filter(({ branded }) => !branded).map(keyOf));
  const alike = others.filter((other) => {
    if (other.runId === run.runId || mainBrand(other) !== mainBrand(run)) return false;
    const asked = new Set(other.calls.filter(({ branded }) => !branded).map(keyOf));
    return [...wanted].every((each) => asked.has(each));
  });
  return [...alike, run];
}

function mainBrand({ input }: RunReport): string {
  return brandsOf(input)[0]?.name ?? '';
}

function notComparable(brands: readonly string[]): CatenaError {
  const what = brands.length === 0 ? 'there is no run to compare' : `the runs are about ${brands.join(' and ')}`;
  return new CatenaError('brand.not_comparable', what, {
    data: { brands },
    remedy: 'name runs that diagnose the same brand; `catena runs` lists the runs',
  });
}

function compared(name: FigureName, ofRuns: readonly BrandFigures[], noises: readonly BrandNoise[]): ComparedFigure {
  const values = ofRuns.map((figures) => figures[name]);
  const [first, last] = [values[0], values.at(-1)];
  const difference =
    first === undefined || last === undefined || first.value === null || last.value === null
      ? null
      : last.value - first.value;
  const halves = noises.flatMap((each) => each.halves[name] ?? []);
  const noise = halves.length === 0 ? null : Math.max(...halves);
  const overlaps = first === undefined || last === undefined ? null : overlap(first, last);
  return {
    name,
    scale: BRAND_SCALES[name],
    noise,
    values,
    difference,
    withinNoise: overlaps === null ? null : overlaps || Math.abs(difference ?? 0) <= (noise ?? -1),
    tooThin: first?.tooThin === true || last?.tooThin === true,
  };
}

function keyOf({ question, model, prompt }: CallItem): string {
  return JSON.stringify([question, model, prompt]);
}

/** What stands in every list. */
function common(lists: readonly (readonly string[])[]): Set<string> {
  const [first = [], ...rest] = lists;
  const others = rest.map((list) => new Set(list));
  return new Set(first.filter((each) => others.every((other) => other.has(each))));
}

function leftOut(
  runs: readonly RunReport[],
  bare: readonly (readonly CallItem[])[],
  kept: {
    readonly questions: readonly string[];
    readonly models: readonly string[];
    readonly brands: readonly string[];
  },
): LeftOut {
  const missing = (all: Iterable<string>, own: readonly string[]): string[] =>
    [...new Set(all)].filter((each) => !own.includes(each));
  const everywhere = common(bare.map((calls) => calls.map(({ question }) => question)));
  const notKept = missing(
    bare.flat().map(({ question }) => question),
    kept.questions,
  );
  const modelsOf = bare.map((calls) => new Set(calls.map(({ model }) => model)));
  const otherPrompt = notKept.filter((question) => everywhere.has(question) && promptsOf(bare, question).size > 1);
  const spellings = runs.map(
    ({ input }) => new Map(brandsOf(input).map((brand) => [brand.name, JSON.stringify(brand)])),
  );
  return {
    questions: notKept.filter((question) => !otherPrompt.includes(question)),
    models: missing(
      modelsOf.flatMap((models) => [...models]),
      kept.models,
    ),
    brands: missing(
      spellings.flatMap((each) => [...each.keys()]),
      kept.brands,
    ),
    otherPrompt,
    otherNames: kept.brands.filter((brand) => new Set(spellings.map((each) => each.get(brand))).size > 1),
  };
}

function promptsOf(bare: readonly (readonly CallItem[])[], question: string): Set<string> {
  return new Set(bare.flat().flatMap((call) => (call.question === question ? [call.prompt] : [])));
}
