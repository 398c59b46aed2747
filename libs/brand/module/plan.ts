/** The calls of a diagnosis: every question to every model, for each repeat. */
import { fold } from '../extraction/fold.ts';
import { brandMatcher, findMentions } from '../extraction/match-brands.ts';
import { brandsOf, type DiagnosisInput } from './input.ts';

/** A call in the state of its hop. */
export interface PlannedCall {
  /** Position in the input's questions. */
  readonly question: number;
  readonly model: string;
  /** From 1. */
  readonly repeat: number;
}

/** Ordered by question, so that calls that the deadline cuts off are spread over the models. */
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

/** Whether a question names the diagnosed brand: then a mention in the answer means nothing. */
export function isBranded(question: string, input: DiagnosisInput): boolean {
  const [main] = brandsOf(input);
  return main !== undefined && findMentions(brandMatcher([main]), fold(question)).length > 0;
}
