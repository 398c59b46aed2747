/**
 * Where further repeats are spent: on the questions whose share of answers that name the brand is known least, until each is known as
 * well as wanted, or until the run has made as many calls as it may. Two stages, as in C. Stein, "A two-sample test for a linear
 * hypothesis whose power is independent of the variance", Annals of Mathematical Statistics 16, 1945: the first answers say how many
 * more are needed.
 */
import type { AnswerRow } from '../figures/answer-row.ts';
import { brandFigures } from '../figures/brand-figures.ts';
import { wilson } from '../figures/figure.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';
import { type PlannedCall, planCalls } from './plan.ts';
import { mostCalls, mostRepeats } from './size.ts';

interface Estimate {
  readonly question: number;
  readonly share: number;
  answers: number;
  repeats: number;
}

/** The further calls; none if the input wants no precision. Questions that name the brand measure no visibility, and get none. */
export function furtherCalls(input: DiagnosisInput, rows: readonly AnswerRow[]): PlannedCall[] {
  const { until } = input;
  if (until === undefined) return [];
  const models = [...new Set(input.models)];
  const planned = planCalls(input).length;
  const [most, repeats] = [mostCalls(input), mostRepeats(input)];
  const estimates = estimatesOf(input, rows);
  const calls: PlannedCall[] = [];
  while (planned + calls.length + models.length <= most) {
    const widest = estimates
      .filter((each) => halfWidth(each) > until && each.repeats < repeats)
      .reduce<Estimate | undefined>(
        (best, each) => (best === undefined || halfWidth(each) > halfWidth(best) ? each : best),
        undefined,
      );
    if (widest === undefined) break;
    widest.repeats += 1;
    widest.answers += models.length;
    calls.push(...models.map((model) => ({ question: widest.question, model, repeat: widest.repeats })));
  }
  return calls;
}

function estimatesOf(input: DiagnosisInput, all: readonly AnswerRow[]): Estimate[] {
  const brand = brandsOf(input)[0]?.name ?? '';
  const byQuestion = Map.groupBy(
    all.filter(({ branded }) => !branded),
    ({ question }) => question,
  );
  return [...byQuestion].flatMap(([text, own]): Estimate[] => {
    const { numerator, denominator, unknown } = brandFigures(own, brand).mentionRate;
    const answers = denominator - unknown;
    // A question that nobody has answered yet is asked again, as if half of its answers named the brand.
    const share = answers === 0 ? 0.5 : numerator / answers;
    return [{ question: input.questions.indexOf(text), share, answers, repeats: input.repeats }];
  });
}

/** Half of the 95 % interval that so many answers with this share would have. */
function halfWidth({ share, answers }: Estimate): number {
  if (answers === 0) return 0.5;
  const { low, high } = wilson(share * answers, answers);
  return (high - low) / 2;
}
