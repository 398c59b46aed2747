/**
 * Makes recommendations by rules. Each rule checks published figures, applies or not, and returns the numbers it is based on;
 * the sentences are in `recommendation-words.ts`. The thresholds are conventions of this project, not measurements.
 *
 * No rule advises on what was not heard: it applies only if it applies whatever the unheard parts of answers would have said.
 */
import type { BrandFigures } from '../figures/brand-figures.ts';
import { type CallCounts, GOOD_COVERAGE, wholeShare } from '../figures/coverage.ts';
import { ENOUGH } from '../figures/figure.ts';
import { brandsOf, type DiagnosisInput } from '../module/input.ts';
import type { Report } from '../module/report.ts';
import type { Recommendation } from './bodies.ts';
import type { NegativeSource } from './negative-sources.ts';
import { RECOMMENDATION_RULES, type RecommendationRule } from './recommendation-rules.ts';
import { RECOMMENDATION_WORDS, type RecommendationLanguage } from './recommendation-words.ts';

export interface RecommendationFacts {
  readonly report: Report;
  /** The submitted input; undefined if it cannot be read any more: then rules that need it do not apply. */
  readonly input: DiagnosisInput | undefined;
  readonly negative: readonly NegativeSource[];
  /** Whether no other report of the run can come. */
  readonly isLast: boolean;
}

/** The finding of a rule that applies. */
export interface Finding {
  readonly priority: Recommendation['priority'];
  readonly numbers: Readonly<Record<string, number>>;
  /** Most important first. */
  readonly subjects: readonly string[];
}

interface RuleFacts extends RecommendationFacts {
  /** The brand's figures over all questions that do not name it. */
  readonly main: BrandFigures;
}

const PRIORITIES: readonly Recommendation['priority'][] = ['high', 'medium', 'low'];

/** Below this share of whole answers, asking again is urgent. */
const POOR_COVERAGE = 0.5;
/** From this share of intercepted answers on the recommendation is urgent. */
const MANY_INTERCEPTED = 0.3;
/** A larger average rank no longer counts as the top of a list. */
const TOP_RANKS = 3;
/** The least answers for a rule about a part of the answers. */
const FEW = 3;
/** The most subjects that one recommendation names. */
const MAX_SUBJECTS = 5;

/**
 * Recommendations of a report in the language of its run; none if no rule applies. What the others rest on comes first: too few
 * whole answers; then the urgent ones.
 */
export function recommendationsOf(facts: RecommendationFacts): Recommendation[] {
  const { report, input } = facts;
  const main = report.figures.bare.overall.brands.find(({ brand }) => brand === report.brand);
  if (main === undefined) return [];
  const words = RECOMMENDATION_WORDS[languageOf(report, input)];
  const found = RECOMMENDATION_RULES.flatMap((rule): Recommendation[] => {
    const finding = RULES[rule]({ ...facts, main });
    if (finding === undefined) return [];
    const { priority, numbers, subjects } = finding;
    const named = subjects.slice(0, MAX_SUBJECTS);
    const wording = words[rule]({ brand: report.brand, numbers, subjects: named, isPreliminary: !facts.isLast });
    return [{ rule, priority, ...wording, numbers: { ...numbers }, subjects: named }];
  });
  const order = ({ rule, priority }: Recommendation): number =>
    rule === 'low_coverage' ? -1 : PRIORITIES.indexOf(priority);
  return found.sort((a, b) => order(a) - order(b));
}

const RULES: Readonly<Record<RecommendationRule, (facts: RuleFacts) => Finding | undefined>> = {
  low_coverage: ({ report: { total, coverage } }) => {
    const share = wholeShare(coverage);
    if (share >= GOOD_COVERAGE) return undefined;
    const { whole, partial, failed, pending = 0 } = coverage as CallCounts;
    const priority = share < POOR_COVERAGE ? 'high' : 'medium';
    return { priority, numbers: { whole, partial, failed, pending, calls: total }, subjects: [] };
  },
  too_few_answers: ({ main: { mentionRate } }) => {
    if (!mentionRate.tooThin) return undefined;
    const answers = mentionRate.denominator - mentionRate.unknown;
    return { priority: 'medium', numbers: { answers, enough: ENOUGH }, subjects: [] };
  },
  not_visible: ({ main, report }) => {
    const { most, denominator } = main.mentionRate;
    if (most !== 0) return undefined;
    const rivals = rivalsOf(report).filter(({ mentionRate }) => mentionRate.numerator > 0);
    rivals.sort((a, b) => b.mentionRate.numerator - a.mentionRate.numerator);
    return { priority: 'high', numbers: { answers: denominator }, subjects: rivals.map(({ brand }) => brand) };
  },
  behind_rival: ({ main, report }) => {
    const { numerator, denominator, high } = main.mentionRate;
    if (numerator === 0 || high === null) return undefined;
    // Only if the intervals do not overlap: otherwise the difference may be chance.
    const ahead = rivalsOf(report).filter(({ mentionRate: { low } }) => low !== null && low > high);
    ahead.sort((a, b) => b.mentionRate.numerator - a.mentionRate.numerator);
    const [first] = ahead;
    if (first === undefined) return undefined;
    const numbers = { mentioned: numerator, answers: denominator, rival_mentioned: first.mentionRate.numerator };
    return { priority: 'high', numbers, subjects: ahead.map(({ brand }) => brand) };
  },
  intercepted: ({ main, report }) => {
    // Those that were heard: answers that were cut off can only add to them.
    const { numerator, denominator, least } = main.interception;
    if (numerator === 0) return undefined;
    const questions = report.figures.bare.byQuestion
      .map(({ question, figures }) => ({
        question,
        count: figuresOf(figures.brands, main.brand)?.interception.numerator ?? 0,
      }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count);
    const priority = (least ?? 0) >= MANY_INTERCEPTED ? 'high' : 'medium';
    const numbers = { intercepted: numerator, answers: denominator };
    return { priority, numbers, subjects: questions.map(({ question }) => question) };
  },
  negative_sentiment: ({ main, report }) => {
    const branded = figuresOf(report.figures.branded.overall.brands, main.brand);
    const low = [main, branded].find((figures) => figures !== undefined && (figures.sentiment.high ?? 0) < 0);
    if (low === undefined) return undefined;
    const { positive, negative } = low;
    const numbers = {
      negative: negative.numerator,
      positive: positive.numerator,
      mentioned: negative.denominator,
    };
    return { priority: 'high', numbers, subjects: [] };
  },
  absent_from_sources: ({ main, report }) => {
    const pages = report.sources.filter(
      ({ status, brands }) => status === 'read' && brands.length > 0 && !brands.includes(main.brand),
    );
    if (pages.length === 0) return undefined;
    const answers = pages.reduce((sum, page) => sum + page.answers, 0);
    return {
      priority: 'medium',
      numbers: { pages: pages.length, citations: answers },
      subjects: pages.map(({ url }) => url),
    };
  },
  invisible_to_model: ({ main, report }) => {
    if (main.mentionRate.numerator === 0) return undefined;
    const models = report.figures.bare.byModel.flatMap(({ model, figures }) => {
      const rate = figuresOf(figures.brands, main.brand)?.mentionRate;
      return rate !== undefined && rate.denominator >= FEW && rate.most === 0 ? [{ model, rate }] : [];
    });
    if (models.length === 0) return undefined;
    const answers = models.reduce((sum, { rate }) => sum + rate.denominator, 0);
    return {
      priority: 'medium',
      numbers: { models: models.length, answers },
      subjects: models.map(({ model }) => model),
    };
  },
  own_pages_not_cited: ({ main: { citationRate }, input }) => {
    const domains = (input === undefined ? undefined : brandsOf(input)[0]?.domains) ?? [];
    if (domains.length === 0 || citationRate.denominator < FEW || citationRate.most !== 0) return undefined;
    return { priority: 'medium', numbers: { sourced_answers: citationRate.denominator }, subjects: domains };
  },
  low_rank: ({ main: { averageRank } }) => {
    const { low, least, denominator } = averageRank;
    if (low === null || least === null || low <= TOP_RANKS || denominator < FEW) return undefined;
    const numbers = { average_rank: Math.round(least * 10) / 10, mentioned: denominator };
    return { priority: 'low', numbers, subjects: [] };
  },
  negative_sources: ({ negative }) => {
    if (negative.length === 0) return undefined;
    const answers = negative.reduce((sum, page) => sum + page.answers, 0);
    return {
      priority: 'medium',
      numbers: { pages: negative.length, citations: answers },
      subjects: negative.map(({ url }) => url),
    };
  },
};

function rivalsOf({ brand, figures }: Report): BrandFigures[] {
  return figures.bare.overall.brands.filter((each) => each.brand !== brand);
}

function figuresOf(brands: readonly BrandFigures[], brand: string): BrandFigures | undefined {
  return brands.find((each) => each.brand === brand);
}

const CHINESE = /\p{Script=Han}/u;

/** The run's own language, or else the one in which most questions are asked. */
function languageOf({ questions }: Report, input: DiagnosisInput | undefined): RecommendationLanguage {
  if (input?.language !== undefined) return input.language;
  return questions.filter((question) => CHINESE.test(question)).length * 2 > questions.length ? 'zh' : 'en';
}
