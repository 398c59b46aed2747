import type { ConfigOptions } from '../../cli/context.ts';
import { checkCommandInput } from '../../cli/input/check-input.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { submittedInput } from '../module/size.ts';
import type { PromptSet } from './prompt-sets.ts';

/** The options of `catena diagnose`, as typed. */
export interface DiagnoseOptions extends ConfigOptions {
  readonly brand?: string;
  readonly alias?: readonly string[];
  readonly domain?: readonly string[];
  readonly rival?: readonly string[];
  readonly question?: readonly string[];
  readonly questions?: string;
  readonly promptSet?: string;
  readonly model?: readonly string[];
  readonly repeats?: string;
  readonly until?: string;
  readonly maxCalls?: string;
  readonly prompt?: string;
  readonly language?: string;
  readonly maxSources?: string;
  readonly inputFile?: string;
  readonly deadline: string;
  readonly costCap?: string;
  /** Statements that must hold of the report. */
  readonly assert?: readonly string[];
  readonly output: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
  readonly fresh?: boolean;
  readonly account: string;
  readonly platform: string;
  readonly task?: string;
}

/**
 * The module's input: options override the prompt set, which overrides `base`, the input of a file. Throws `cli.no_brand`,
 * `cli.no_question` and `cli.no_model` for missing parts, and `cli.bad_input` for input that the module refuses.
 */
export async function inputOf(
  options: DiagnoseOptions,
  base: Readonly<Record<string, unknown>> = {},
  set?: PromptSet,
): Promise<Readonly<Record<string, unknown>>> {
  const { alias, domain, rival, model, prompt, language } = options;
  const questions = [...(set?.questions ?? []), ...(options.question ?? [])];
  const input = {
    ...base,
    ...given('brand', brandOf(options.brand ?? base.brand, alias, domain)),
    ...given('rivals', rival),
    ...given('models', model),
    ...given('questions', questions.length === 0 ? undefined : questions),
    ...given('prompt', prompt),
    ...given('language', language ?? set?.language),
    ...given('repeats', numberOf(options.repeats, '--repeats') ?? set?.repeats),
    ...given('until', pointsOf(options.until)),
    ...given('maxCalls', numberOf(options.maxCalls, '--max-calls')),
    ...given('maxSources', numberOf(options.maxSources, '--max-sources')),
  };
  requireGiven(input);
  await checkCommandInput('the diagnosis', submittedInput, input);
  return input;
}

/** Adds names and domains to a brand. */
function brandOf(brand: unknown, aliases: readonly string[] = [], domains: readonly string[] = []): unknown {
  if (brand === undefined || (aliases.length === 0 && domains.length === 0)) return brand;
  const known = (typeof brand === 'string' ? { name: brand } : brand) as Readonly<Record<string, unknown>>;
  return { ...known, ...extended('aliases', known.aliases, aliases), ...extended('domains', known.domains, domains) };
}

function extended(key: string, known: unknown, more: readonly string[]): Readonly<Record<string, unknown>> {
  return more.length === 0 ? {} : { [key]: [...(Array.isArray(known) ? known : []), ...more] };
}

function given(key: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [key]: value };
}

function numberOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new CatenaError('cli.bad_number', `${option} is "${text}", which is not a whole number`, {
    remedy: 'write digits only',
  });
}

/** Percentage points, `10` or `±10`, as a share. */
function pointsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const points = /^(?:±|\+-|\+\/-)?\s*(\d{1,2}(?:\.\d+)?)\s*%?$/.exec(text.trim())?.[1];
  if (points !== undefined && Number(points) >= 1 && Number(points) <= 50) return Number(points) / 100;
  throw new CatenaError('cli.bad_number', `--until is "${text}", which is not a number of points from 1 to 50`, {
    remedy: 'write the half of the interval in percentage points, as in --until 10',
  });
}

function requireGiven({ brand, questions, models }: Readonly<Record<string, unknown>>): void {
  if (brand === undefined)
    throw new CatenaError('cli.no_brand', 'no brand is named', { remedy: 'name it with --brand' });
  if (questions === undefined) {
    throw new CatenaError('cli.no_question', 'there is no question', {
      remedy: 'ask with --question, or a file of --questions',
    });
  }
  if (models === undefined) {
    throw new CatenaError('cli.no_model', 'no model is named', { remedy: 'name one or more with --model' });
  }
}
