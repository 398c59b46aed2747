/** Turns the body of a submission into a task of the module; all problems are reported at once. */

import type { ServedModule } from '../../calls/served-module.ts';
import { type FieldIssue, invalidArgument, requireNone } from '../../contracts/request-check.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { TaskSubmission } from '../../stage/run/submit.ts';
import { ordinaryNames } from '../extraction/ordinary-words.ts';
import { brandsOf, diagnosisInput } from '../module/input.ts';
import type { DiagnosisApiDeps } from './deps.ts';
import { type SubmissionRequest, tooManyQuestions } from './requests.ts';
import { splitQuestions } from './split-questions.ts';

const MODULE = 'brand-diagnosis';

/** Throws `api.invalid_argument`, and `api.misconfigured` if the server cannot make diagnoses. */
export async function toTask(
  deps: Pick<DiagnosisApiDeps, 'modules' | 'models' | 'account' | 'platform'>,
  body: SubmissionRequest,
  idempotencyKey: string | undefined,
): Promise<TaskSubmission> {
  const module = findModule(deps);
  const [brand, ...rivals] = eachOnce(body.brand_list);
  const questions = questionsOf(body);
  const { known, unknown } = sortedOut(chosen(body), knownModels(deps));
  requireNone([questionsFault(body, questions), modelsFault(known, unknown, knownModels(deps))]);
  const {
    language,
    deadlineSeconds,
    userOpenid: user,
    costCap,
    task,
    repeats,
    until,
    maxCalls,
    prompt,
    maxSources,
  } = body;
  const chosenInput = Object.entries({ language, repeats, until, maxCalls, prompt, maxSources }).filter(
    ([, value]) => value !== undefined,
  );
  const input = { brand, rivals, questions, models: known, ...Object.fromEntries(chosenInput) };
  await checkInput(module, input);
  return {
    modules: [module.id],
    input,
    account: deps.account,
    platform: deps.platform,
    deadlineMs: Math.round(deadlineSeconds * 1_000),
    ...(costCap === undefined ? {} : { costCap }),
    ...(task === undefined ? {} : { task }),
    ...(user == null ? {} : { user }),
    // Keys are separate per user, because all users share one account.
    ...(idempotencyKey === undefined ? {} : { idempotencyKey: JSON.stringify([user ?? '', idempotencyKey]) }),
  };
}

/** What a client should know of a task that is accepted all the same. */
export function warningsOf(input: unknown): string[] {
  const brands = brandsOf(diagnosisInput.parse(input));
  return brands
    .flatMap(ordinaryNames)
    .map(
      (word) =>
        `"${word}" is an ordinary word: places that do not mean the brand may count; give negativeContexts or caseSensitive`,
    );
}

/** A name that comes again is the same brand. */
function eachOnce(brands: SubmissionRequest['brand_list']): SubmissionRequest['brand_list'] {
  const names = brands.map((brand) => (typeof brand === 'string' ? brand : brand.name));
  return brands.filter((_, index) => names.indexOf(names[index] ?? '') === index);
}

function findModule({ modules }: Pick<DiagnosisApiDeps, 'modules'>): ServedModule {
  try {
    return modules.resolve(MODULE);
  } catch (cause) {
    throw new CatenaError('api.misconfigured', `this server does not have the module ${MODULE}`, {
      cause,
      remedy: `start it with the file of ${MODULE}, as an argument or in modules.files`,
    });
  }
}

function knownModels({ models }: Pick<DiagnosisApiDeps, 'models'>): readonly string[] {
  try {
    return models();
  } catch (cause) {
    const { message, remedy } = cause as CatenaError;
    throw new CatenaError('api.misconfigured', `this server has no valid provider registry: ${message}`, {
      cause,
      remedy: remedy ?? 'set brand.providers',
    });
  }
}

function questionsOf({ custom_question = '', customQuestions = [] }: SubmissionRequest): string[] {
  return [...new Set([...customQuestions.filter((each) => each !== ''), ...splitQuestions(custom_question)])];
}

function questionsFault({ customQuestions }: SubmissionRequest, questions: readonly string[]): FieldIssue | undefined {
  const path = customQuestions === undefined ? 'custom_question' : 'customQuestions';
  if (questions.length === 0) return { path, message: 'asks nothing' };
  return tooManyQuestions(questions)
    ? { path, message: `asks ${questions.length} questions, which is too many` }
    : undefined;
}

function chosen({ selectedModels }: SubmissionRequest): string[] {
  return selectedModels.flatMap((model) => {
    if (typeof model === 'string') return [model];
    return model.checked ? [model.name] : [];
  });
}

/** Names in the registry's spelling; front ends may spell them with other case. */
function sortedOut(names: readonly string[], registry: readonly string[]) {
  const spelled = new Map(registry.map((name) => [name.toLowerCase(), name]));
  const found = names.map((name) => ({ name, known: spelled.get(name.toLowerCase()) }));
  return {
    known: [...new Set(found.flatMap(({ known }) => known ?? []))],
    unknown: found.filter(({ known }) => known === undefined).map(({ name }) => name),
  };
}

function modelsFault(
  known: readonly string[],
  unknown: readonly string[],
  registry: readonly string[],
): FieldIssue | undefined {
  const path = 'selectedModels';
  if (unknown.length > 0) {
    const message = `names unknown models: ${unknown.join(', ')}; the known ones are ${registry.join(', ')}`;
    return { path, message };
  }
  return known.length === 0 ? { path, message: 'has no checked entry' } : undefined;
}

/** Issues of the module's own input check, which the rules above do not cover. */
async function checkInput(module: ServedModule, input: unknown): Promise<void> {
  try {
    await module.checkInput(input);
  } catch (thrown) {
    if (!(thrown instanceof CatenaError) || thrown.code !== 'module.wrong_input') throw thrown;
    throw invalidArgument(thrown.data.issues as readonly FieldIssue[]);
  }
}
