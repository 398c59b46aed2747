/** `npm run bench:brand`: whether a diagnosis is there within its deadline, when the models are as slow as real ones. */
import { join } from 'node:path';
import { machine } from '../machine.ts';
import { runCommand, WrongOption, whole } from '../options.ts';
import { withScratchFolder } from '../scratch.ts';
import { deadlineMsOf, deadlineRuns } from './deadline-runs.ts';
import { goalsOf, goalsTable, runLine } from './deadline-table.ts';

const defaults = { runs: '10', 'at-once': '10', scale: '1', seed: '1' };

const usage = `npm run bench:brand -- [options]
Diagnoses one brand and three rivals by three questions to four models, through submit, in one process on a file. The
models are in another process and as slow as real ones. Ends with code 1 when a goal is missed.

  --runs N       how many; default ${defaults.runs}
  --at-once N    so many of them under way at once; default ${defaults['at-once']}
  --scale X      of the latency of real models and of the 17 s that calls have; default ${defaults.scale}. The 3 s for the
                 analysis and the table of timeouts are as they are, so only 1 measures the product
  --seed N       what answers and times are drawn from; default ${defaults.seed}`;

const options = {
  runs: { type: 'string', default: defaults.runs },
  'at-once': { type: 'string', default: defaults['at-once'] },
  scale: { type: 'string', default: defaults.scale },
  seed: { type: 'string', default: defaults.seed },
} as const;

await runCommand(usage, options, (values) =>
  withScratchFolder(async (scratch) => {
    const plan = {
      runs: whole('runs', values.runs),
      atOnce: whole('at-once', values['at-once']),
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
    const goals = goalsOf(runs, { deadlineMs: deadlineMsOf(plan) });
    console.log(`\n${goalsTable(goals)}`);
    return goals.every(({ isMet }) => isMet !== false);
  }),
);

function positive(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 1) return value;
  throw new WrongOption(`--${name} is "${text}": give a number above 0, at most 1`);
}
