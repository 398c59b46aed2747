/** A module in the form that the engine calls, built from a checked contract and a checked implementation. */
import { type Clock, systemClock } from '../../clock/clock.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import type { CheckedContract, DeclaredStep } from '../check/check-contract.ts';
import { describeContract } from '../check/describe-contract.ts';
import { checkWith, type Issue, issuesText } from '../check/schema-check.ts';
import type * as definition from '../contract/definition.ts';
import type { ContractDescription } from '../contract/description.ts';
import type { AnyImplementation, AnyStepImplementation } from '../contract/implementation.ts';
import { requireExpected } from '../page/expectation.ts';
import { SourcePage } from '../page/page.ts';
import { type Builders, makeBuilders } from './builders.ts';
import { CallScope, ComputeScope, GivenUpScope, ParseScope, StartScope } from './contexts.ts';
import { guardedEmissions } from './guarded.ts';
import { guardedRequests } from './requests.ts';
import { type Site, threw, wrongConcurrency } from './site.ts';

/** What a function of a step needs, created once. */
interface StepRuntime {
  readonly written: AnyStepImplementation;
  readonly requestSite: Site;
  readonly mainSite: Site;
  readonly builders: Builders;
}

/** A function of the author; the contract has its exact types. */
type AuthorFunction = (scope: unknown) => unknown;

export class BuiltModule implements definition.ModuleDefinition {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly steps: readonly definition.StepDefinition[];
  readonly phases: readonly definition.PhaseDefinition[];
  readonly itemTypes: readonly string[];
  readonly inputSchema: CheckedContract['input'];
  readonly contract: ContractDescription;
  readonly early: definition.EarlyOpening | undefined;
  /** Set when it was loaded from a file. */
  declare readonly code?: string;
  readonly #contract: CheckedContract;
  readonly #implementation: AnyImplementation;
  readonly #startSite: Site;
  readonly #startBuilders: Builders;
  readonly #runtimes: readonly StepRuntime[];
  readonly #clock: Clock;

  constructor(contract: CheckedContract, implementation: AnyImplementation, clock: Clock = systemClock) {
    this.id = contract.id;
    this.name = contract.name;
    this.version = contract.version;
    this.steps = contract.steps.map((step) => stepDefinition(contract.id, step, implementation));
    this.phases = contract.phases;
    this.itemTypes = Object.keys(contract.items);
    this.inputSchema = contract.input;
    this.contract = describeContract(contract);
    this.early = contract.early;
    this.#contract = contract;
    this.#implementation = implementation;
    this.#startSite = { module: contract.id, step: 'start', call: 'start' };
    this.#startBuilders = makeBuilders(this.#startSite, 0, contract.steps, contract.items);
    this.#runtimes = contract.steps.map((step) => runtimeOf(contract, step, implementation));
    this.#clock = clock;
  }

  checkInput(input: unknown): unknown | Promise<unknown> {
    return checkWith(this.#contract.input, input === undefined ? {} : input, (issues) => wrongInput(this.id, issues));
  }

  start(call: definition.StepCall): definition.Emissions {
    const scope = new StartScope(call, this.#startBuilders);
    return guardedEmissions(this.#startSite, () => (this.#implementation.start as AuthorFunction)(scope));
  }

  request(
    step: number,
    call: definition.StepCall,
  ): Iterable<definition.RequestSpec> | AsyncIterable<definition.RequestSpec> {
    const { written, requestSite } = this.#runtime(step, 'fetch');
    return guardedRequests(requestSite, () => (written.request as AuthorFunction)(new CallScope(call)));
  }

  parse(step: number, call: definition.ParseCall): definition.Emissions {
    const { written, mainSite, builders } = this.#runtime(step, 'fetch');
    return guardedEmissions(mainSite, () => {
      const page = new SourcePage(call.page, written.markup ?? 'fast');
      call.onPage?.(page);
      requireExpected(mainSite, written.expect, page, this.#clock.now());
      return (written.parse as AuthorFunction)(new ParseScope(call, builders, page));
    });
  }

  givenUp(step: number, call: definition.GivenUpCall): definition.Emissions | undefined {
    const { written, mainSite, builders } = this.#runtime(step, 'fetch');
    if (written.givenUp === undefined) return undefined;
    return guardedEmissions(mainSite, () => (written.givenUp as AuthorFunction)(new GivenUpScope(call, builders)));
  }

  runConcurrency(step: number, run: definition.RunFacts): number | undefined {
    const { written, requestSite } = this.#runtime(step, 'fetch');
    if (written.concurrency === undefined) return undefined;
    let answer: unknown;
    try {
      answer = (written.concurrency as AuthorFunction)(run);
    } catch (thrown) {
      throw threw(requestSite, thrown);
    }
    if (Number.isSafeInteger(answer) && Number(answer) >= 1) return answer as number;
    throw wrongConcurrency(requestSite, answer);
  }

  compute(step: number, call: definition.ComputeCall): definition.Emissions {
    const { written, mainSite, builders } = this.#runtime(step, 'compute');
    return guardedEmissions(mainSite, () => (written.run as AuthorFunction)(new ComputeScope(call, builders)));
  }

  #runtime(step: number, kind: 'fetch' | 'compute'): StepRuntime {
    const runtime = this.#runtimes[step];
    if (runtime !== undefined && this.steps[step]?.kind === kind) return runtime;
    throw new CatenaError('module.unknown_step', `module ${this.id} has no ${kind} step with the index ${step}`, {
      data: { module: this.id, step },
      remedy: 'the run was started with another version of the module: serve that version, or start a new run',
    });
  }
}

function stepDefinition(
  module: string,
  step: DeclaredStep,
  implementation: AnyImplementation,
): definition.StepDefinition {
  const { identity = 'state', ...policy } = step.options;
  return {
    name: step.name,
    kind: step.kind,
    phase: step.phase,
    identity,
    policy,
    givesUp: implementation.steps[step.name]?.givenUp !== undefined,
    checkState: (state) => checkWith(step.schema, state, (issues) => refusedState(module, step.name, issues)),
  };
}

function runtimeOf(contract: CheckedContract, step: DeclaredStep, implementation: AnyImplementation): StepRuntime {
  const site = { module: contract.id, step: step.name };
  const mainSite: Site = { ...site, call: step.kind === 'fetch' ? 'parse' : 'compute' };
  return {
    written: implementation.steps[step.name] ?? {},
    requestSite: { ...site, call: 'request' },
    mainSite,
    builders: makeBuilders(mainSite, step.phase, contract.steps, contract.items),
  };
}

function wrongInput(module: string, issues: readonly Issue[]): CatenaError {
  return new CatenaError('module.wrong_input', `the input of ${module} is wrong: ${issuesText(issues)}`, {
    data: { module, issues },
  });
}

function refusedState(module: string, step: string, issues: readonly Issue[]): CatenaError {
  return new CatenaError(
    'module.wrong_state',
    `the state of step "${step}" of ${module} is wrong: ${issuesText(issues)}`,
    {
      data: { module, step, issues },
      remedy: 'raise the version of a module when a schema changes: a run keeps the version that it started with',
    },
  );
}
