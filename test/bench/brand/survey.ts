/** A survey of many brands: the questions that name none, which serve all of them at once, and those that name one. Pure. */
import { MODELS } from './script.ts';

export interface SurveySize {
  /** At most 40. */
  readonly brands: number;
  readonly questions: number;
  /** At most as many as the benchmark has. */
  readonly models: number;
}

export interface SurveyRun {
  readonly name: string;
  readonly calls: number;
  /** Of the module `brand-diagnosis`. */
  readonly input: {
    readonly brand: string;
    readonly rivals: readonly string[];
    readonly questions: readonly string[];
    readonly models: readonly string[];
    readonly maxSources: number;
  };
}

const FIRST = ['海澜', '云岚', '山脊', '星野', '林跃', '河谷', '风驰', '雪原'];
const SECOND = ['鞋业', '运动', '户外', '装备', '体育'];
const RIVALS = 3;

/** Names of one length, none of which is a part of another. */
export function brandNames(count: number): string[] {
  return SECOND.flatMap((second) => FIRST.map((first) => first + second)).slice(0, count);
}

/** One run for all brands, then one for each. */
export function surveyRuns({ brands: count, questions, models: modelCount }: SurveySize): SurveyRun[] {
  const brands = brandNames(count);
  const models = MODELS.slice(0, modelCount);
  const calls = questions * models.length;
  const numbers = Array.from({ length: questions }, (_, index) => index + 1);
  // Pages that answers cite stand in the open network.
  const fixed = { models, maxSources: 0 };
  const bare = numbers.map((n) => `预算${100 * n}元，有哪些值得推荐的跑鞋品牌？`);
  const [first = '', ...others] = brands;
  return [
    { name: 'all brands', calls, input: { brand: first, rivals: others, questions: bare, ...fixed } },
    ...brands.map((brand, at) => ({
      name: brand,
      calls,
      input: {
        brand,
        rivals: Array.from({ length: Math.min(RIVALS, count - 1) }, (_, n) => brands[(at + n + 1) % count] ?? ''),
        questions: numbers.map((n) => `${brand}的${100 * n}元跑鞋怎么样？`),
        ...fixed,
      },
    })),
  ];
}
