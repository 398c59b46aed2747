/** `npm run bench:brand`: whether the reports of a diagnosis are there in time, when the models are as slow as real ones. */
import { join } from 'node:path';
import { machine } from '../machine.ts';
import { runCommand, WrongOption, whole } from '../options.ts';
import { withScratchFolder } from '../scratch.ts';
import { deadlineMsOf, deadlineRuns, timesOf } from './deadline-runs.ts';
import { goalsOf, goalsTable, runLine } from './deadline-table.ts';

const defaults = { runs: '10', 'at-once': '10', questions: '3', scale: '1', seed: '1' };

const usage = `npm run bench:brand -- [options]
Diagnoses one brand and three rivals by three questions to four models, through submit, in one process on a file, with the
default times: a first report by 20 s, the last one by 60 s. The models are in another process and as slow as real ones. Ends with
code 1 when a goal is missed.

  --runs N       how many; default ${defaults.runs}
  --at-once N    so many of them under way at once; default ${defaults['at-once']}
  --questions N  of each run, to see what the planner says of sets that do not fit; default ${defaults.questions}
  --scale X      of the latency of real models and of the times that calls have; default ${defaults.scale}. The 3 s for each
                 analysis are as they are, so only 1 measures the product
  --seed N       what answers and times are drawn from; default ${defaults.seed}`;

const options = {
  runs: { type: 'string', default: defaults.runs },
  'at-once': { type: 'string', default: defaults['at-once'] },
  questions: { type: 'string', default: defaults.questions },
  scale: { type: 'string', default: defaults.scale },
  seed: { type: 'string', default: defaults.seed },
} as const;

await runCommand(usage, options, (values) =>
  withScratchFolder(async (scratch) => {
    const plan = {
      runs: whole('runs', values.runs),
      atOnce: whole('at-once', values['at-once']),
      questions: whole('questions', values.questions),
      scale: positive('scale', values.scale),
      seed: whole('seed', values.seed, 0),
      database: join(scratch, 'brand.db'),
    };
    console.log(`${machine()}: ${plan.runs} runs, ${plan.atOnce} at once, scale ${plan.scale}, seed ${plan.seed}\n`);
    let nth = 0;
    const runs = await deadlineRuns({
      ...plan,
      onRun: (run) => {
        nth += 1;
        console.log(`${String(nth).padStart(4)}  ${runLine(run)}`);
      },
    });
    const goals = goalsOf(runs, {
      ...{ deadlineMs: deadlineMsOf(plan), reportByMs: timesOf(plan).reportByMs },
      fits: plan.questions <= Number(defaults.questions),
    });
    console.log(`\n${goalsTable(goals)}`);
    return goals.every(({ isMet }) => isMet !== false);
  }),
);

function positive(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 1) return value;
  throw new WrongOption(`--${name} is "${text}": give a number above 0, at most 1`);
}
