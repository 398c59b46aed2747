/** A survey in distributed mode: several processes over real servers, of which some are killed with -9 and replaced. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brandDiagnosis } from '../../../libs/brand/module/brand-diagnosis.ts';
import { FinishReason, type Run, RunState } from '../../../libs/contracts/services.ts';
import { type Deployment, startDeployment } from '../../fixtures/deployment/deployment.ts';
import type { SurveyedRun, SurveyOutcome } from './reckoning.ts';
import { MODELS, PRICES } from './script.ts';
import { brandNames, type SurveyRun, type SurveySize, surveyRuns } from './survey.ts';
import { startWorld, type World } from './world.ts';

export interface FleetPlan extends SurveySize {
  readonly processes: number;
  /** Spread evenly over the calls. */
  readonly kills: number;
  /** Of each provider. */
  readonly limits: { readonly requestsPerSecond: number; readonly concurrency: number };
  readonly scale: number;
  readonly seed: number;
  /**
   * After this a call that nobody took is notified again, and each time after twice as long: more than a killed process, a
   * long queue for a provider's limit makes calls be notified for nothing.
   */
  readonly graceMs: number;
  /** How long it may take altogether. */
  readonly patienceMs: number;
  readonly onNews?: (text: string) => void;
}

const MODULE_FILE = 'libs/brand/module/brand-diagnosis.ts';
const ACCOUNT = { account: 'survey', platform: 'models' };
/** What a killed process held is taken up by others after so long. */
const LEASE_MS = 3_000;
const LOOK_EVERY_MS = 250;
const MAX_SUBMISSIONS = 3;

/** Throws when it does not end in time. */
export async function fleetSurvey(plan: FleetPlan): Promise<SurveyOutcome> {
  const { seed, scale, brands, processes, graceMs } = plan;
  const folder = mkdtempSync(join(tmpdir(), 'catena-survey-'));
  const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const world = await startWorld({ seed, scale, brands: brandNames(brands) });
    stops.push(() => world.stop());
    const deployment = await startDeployment({
      modules: [MODULE_FILE],
      services: Array.from({ length: processes }, () => 'all' as const),
      env: {
        CATENA_BRAND_PROVIDERS: writeRegistry(folder, world, plan),
        CATENA_LEASE_MS: String(LEASE_MS),
        CATENA_DISPATCH_GRACE_MS: String(graceMs),
      },
    });
    stops.push(() => deployment.stop());
    return await survey(deployment, world, plan);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** JSON is YAML. */
function writeRegistry(folder: string, { baseUrl }: World, { models, limits }: FleetPlan): string {
  const providers = MODELS.slice(0, models).map((name) => ({
    ...{ name, codec: 'openai-chat', baseUrl, model: `${name}-test`, keyReference: 'TEST_MODEL_KEY' },
    ...{ limits, pricePerMillionTokens: PRICES },
  }));
  const path = join(folder, 'providers.yaml');
  writeFileSync(path, JSON.stringify({ providers }));
  return path;
}

async function survey(deployment: Deployment, world: World, plan: FleetPlan): Promise<SurveyOutcome> {
  const { ingress } = deployment;
  const startedMs = performance.now();
  const login = Buffer.from(JSON.stringify({ TEST_MODEL_KEY: 'not-a-key-of-anybody' }));
  await ingress.putAccount({ ...ACCOUNT, login });
  const submitted: { readonly runId: string; readonly planned: SurveyRun }[] = [];
  for (const planned of surveyRuns(plan)) {
    submitted.push({ runId: await submit(deployment, planned, plan), planned });
  }
  plan.onNews?.(`${submitted.length} runs are submitted`);
  const deadline = AbortSignal.timeout(plan.patienceMs);
  const killed = await killOnTheWay(deployment, world, plan, deadline);
  const runs: SurveyedRun[] = [];
  for (const { runId, planned } of submitted) {
    const { end } = await closed(deployment, runId, deadline);
    const items = await itemsOf(deployment, runId);
    runs.push({ planned, completed: end?.reason === FinishReason.COMPLETED, dead: end?.dead ?? 0, items });
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  return { runs, ledger: await world.ledger(), killed, seconds };
}

/** Once, however often it has to be asked for: the run's name is its idempotency key. */
async function submit({ ingress }: Deployment, { name, input }: SurveyRun, { onNews }: FleetPlan): Promise<string> {
  const task = {
    modules: [brandDiagnosis.make({ 'brand.providers': undefined }).id],
    input: Buffer.from(JSON.stringify(input)),
    ...ACCOUNT,
  };
  for (let attempt = 1; ; attempt++) {
    try {
      const { run } = await ingress.submitTask({ ...task, idempotencyKey: name });
      return run!.runId;
    } catch (error) {
      if (attempt === MAX_SUBMISSIONS) throw error;
      onNews?.(`${name} is submitted again: ${String(error)}`);
    }
  }
}

/** Kills a process each time that a further share of the calls has reached the models, and starts another in its place. */
async function killOnTheWay(deployment: Deployment, world: World, plan: FleetPlan, deadline: AbortSignal) {
  const total = surveyRuns(plan).reduce((sum, { calls }) => sum + calls, 0);
  let killed = 0;
  while (killed < plan.kills) {
    const share = (killed + 1) / (plan.kills + 1);
    while ((await world.ledger()).length < share * total) await sleep(LOOK_EVERY_MS, undefined, { signal: deadline });
    const victim = deployment.services[killed]!;
    const gone = new Promise((resolve) => victim.child.once('exit', resolve));
    victim.signal('SIGKILL');
    await gone;
    killed += 1;
    plan.onNews?.(`process ${killed} of ${plan.processes} was killed at ${Math.round(100 * share)} % of the calls`);
    await deployment.start('all', victim.port);
  }
  return killed;
}

/** An ingress that is being replaced does not answer for a moment. */
async function closed({ ingress }: Deployment, runId: string, deadline: AbortSignal): Promise<Run> {
  for (;;) {
    const run = await ingress.getRun({ runId }).then(
      (answer) => answer.run,
      () => undefined,
    );
    if (run?.state === RunState.CLOSED) return run;
    if (deadline.aborted) throw new Error(`run ${runId} has not ended: ${JSON.stringify(run?.nodes)}`);
    await sleep(LOOK_EVERY_MS);
  }
}

async function itemsOf({ ingress }: Deployment, runId: string): Promise<SurveyedRun['items']> {
  const items: { type: string; data: string }[] = [];
  for await (const page of ingress.listItems({ runId })) {
    for (const { type, data } of page.items) items.push({ type, data: Buffer.from(data).toString() });
  }
  return items;
}
