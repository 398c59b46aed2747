/** The calls of a diagnosis: every question to every model, as often as it is to be repeated. */
import { fold } from '../extraction/fold.ts';
import { brandMatcher, findMentions } from '../extraction/match-brands.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';

/** A call as the state of its hop holds it. */
export interface PlannedCall {
  /** Position in the input's questions. */
  readonly question: number;
  readonly model: string;
  /** From 1. */
  readonly repeat: number;
}

/** Question by question, so that what is cut off by the deadline is missing at random over the models. */
export function planCalls({ questions, models, repeats }: DiagnosisInput): PlannedCall[] {
  const each = [...new Set(models)];
  const texts = [...new Set(questions)].map((text) => questions.indexOf(text));
  return Array.from({ length: repeats }, (_, index) => index + 1).flatMap((repeat) =>
    texts.flatMap((question) => each.map((model) => ({ question, model, repeat }))),
  );
}

/** One spelling per call. */
export function callKey(question: string, model: string, repeat: number): string {
  return JSON.stringify([question, model, repeat]);
}

/** Whether a question names the brand that is diagnosed: then being mentioned in the answer says nothing. */
export function isBranded(question: string, input: DiagnosisInput): boolean {
  const [main] = brandsOf(input);
  return main !== undefined && findMentions(brandMatcher([main]), fold(question)).length > 0;
}
