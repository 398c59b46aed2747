/** `npm run bench:brand-big`: forty brands, 25 questions and four models in distributed mode, killed on the way. */
import { machine } from '../machine.ts';
import { runCommand, whole } from '../options.ts';
import { figure } from '../table.ts';
import { fleetSurvey } from './fleet-survey.ts';
import { RATE_SPAN_MS, reckon } from './reckoning.ts';

const defaults = {
  ...{ brands: '40', questions: '25', models: '4', processes: '3', kills: '3', rate: '12', concurrency: '16' },
  ...{ seed: '1' },
};

const usage = `npm run bench:brand-big -- [options]
Surveys many brands in distributed mode: the questions that name no brand once for all of them, those that name one for
each. The processes share the providers' rate limits, some are killed with -9 and replaced, and what the runs say they cost
is held against the ledger of the models. Ends with code 1 when anything does not fit.

  --brands N        at most 40; default ${defaults.brands}
  --questions N     of each kind; default ${defaults.questions}
  --models N        at most 4; default ${defaults.models}
  --processes N     default ${defaults.processes}
  --kills N         default ${defaults.kills}
  --rate N          calls that begin per second at each model; default ${defaults.rate}
  --concurrency N   calls under way at once at each model; default ${defaults.concurrency}
  --seed N          what answers and times are drawn from; default ${defaults.seed}`;

const text = (value: string) => ({ type: 'string', default: value }) as const;
const options = {
  brands: text(defaults.brands),
  questions: text(defaults.questions),
  models: text(defaults.models),
  processes: text(defaults.processes),
  kills: text(defaults.kills),
  rate: text(defaults.rate),
  concurrency: text(defaults.concurrency),
  seed: text(defaults.seed),
} as const;

/** Of the latency of real models: fast enough that the rate limits are what the survey waits for. */
const SCALE = 0.02;
const PATIENCE_MS = 360_000;
/** The product's default. */
const GRACE_MS = 30_000;

await runCommand(usage, options, async (values) => {
  const limits = {
    requestsPerSecond: whole('rate', values.rate),
    concurrency: whole('concurrency', values.concurrency),
  };
  console.log(machine());
  const outcome = await fleetSurvey({
    brands: whole('brands', values.brands, 2),
    questions: whole('questions', values.questions),
    models: whole('models', values.models),
    processes: whole('processes', values.processes),
    kills: whole('kills', values.kills, 0),
    seed: whole('seed', values.seed, 0),
    ...{ limits, scale: SCALE, graceMs: GRACE_MS, patienceMs: PATIENCE_MS, onNews: console.log },
  });
  const found = reckon(outcome);
  const money = (millionths: number) => figure(millionths / 1_000_000, 6);
  const lines = [
    `${figure(outcome.runs.length)} runs, ${figure(found.planned)} calls, ${outcome.killed} kills: ${figure(outcome.seconds, 1)} s`,
    `whole in the rows             ${figure(found.whole)}`,
    `cost by the reports           ${money(found.reportedCost)}`,
    `cost by the models' ledger    ${money(found.committedCost)}, of the answers that stand in the rows`,
    `made again after a kill       ${found.repeatedCalls} calls, ${money(found.repeatedCost)} of them answered and lost`,
    `made again though stored      ${found.askedAfterStored}`,
    `at once at a model, most      ${found.mostAtOnce} of ${limits.concurrency}`,
    `begun in ${RATE_SPAN_MS / 1_000} s at a model, most ${found.mostStarts} of ${(limits.requestsPerSecond * RATE_SPAN_MS) / 1_000} and 1`,
    ...found.faults.map((fault) => `FAULT ${fault}`),
  ];
  console.log(`\n${lines.join('\n')}`);
  const costsFit = found.reportedCost === found.committedCost;
  return found.faults.length === 0 && found.whole === found.planned && costsFit && found.askedAfterStored === 0;
});
