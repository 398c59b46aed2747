/**
 * `npm run bench:partials`: what it costs to keep the text of open requests for early reports. The same streams are received by a module
 * that opens its later phases early and by one that does not, in turn, each in a process of its own.
 */
import { join } from 'node:path';
import type { Measured } from '../child.ts';
import { machine } from '../machine.ts';
import { median } from '../medians.ts';
import { runCommand, whole } from '../options.ts';
import { runChild } from '../run-child.ts';
import { withScratchFolder } from '../scratch.ts';
import { figure, table } from '../table.ts';
import type { StreamsJob, StreamsResult } from './partials-process.ts';
import { startWorld } from './world.ts';

const defaults = { streams: '120', seconds: '17', rounds: '5' };

const usage = `npm run bench:partials -- [options]
Receives streams for some seconds with their text stored every two seconds, as in modules with early reports, and without, in turn, and
compares the CPU time of the process. Ends with code 1 when storing takes more than 2 % of a core.

  --streams N    open at once; default ${defaults.streams}, those of ten diagnoses of the demo
  --seconds N    how long they last; default ${defaults.seconds}, at least 5
  --rounds N     of each kind; default ${defaults.rounds}`;

const options = {
  streams: { type: 'string', default: defaults.streams },
  seconds: { type: 'string', default: defaults.seconds },
  rounds: { type: 'string', default: defaults.rounds },
} as const;

/** Of one core, while the streams are open. */
const WANTED = 0.02;

await runCommand(usage, options, (values) =>
  withScratchFolder(async (scratch) => {
    const streams = whole('streams', values.streams);
    const seconds = whole('seconds', values.seconds, 5);
    const rounds = whole('rounds', values.rounds);
    console.log(`${machine()}: ${streams} streams of ${seconds} s, ${rounds} rounds\n`);
    const world = await startWorld({ seed: 1, scale: 1, brands: ['海澜鞋业', '云步'], wholeMs: seconds * 1_000 });
    const cpu = { kept: [] as number[], 'not kept': [] as number[] };
    const wall: number[] = [];
    let stored = 0;
    try {
      for (let round = 1; round <= rounds; round += 1) {
        // The order changes: whatever grows over time does so for both.
        const kinds = ['kept', 'not kept'] as const;
        for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
          const job: StreamsJob = {
            ...{ baseUrl: world.baseUrl, streams, seconds, isKept: kind === 'kept' },
            database: join(scratch, `${round}-${kind.replace(' ', '-')}.db`),
          };
          const child = { script: 'brand/partials-process.ts', job, folder: scratch };
          const measured = await runChild<Measured<StreamsResult>>(child);
          cpu[kind].push(measured.cpuSeconds);
          wall.push(measured.seconds);
          stored = Math.max(stored, measured.result.texts);
          console.log(`${round}  ${kind}: ${figure(measured.cpuSeconds, 2)} s CPU of ${figure(measured.seconds, 1)} s`);
        }
      }
    } finally {
      await world.stop();
    }
    const [kept, not] = [median(cpu.kept), median(cpu['not kept'])];
    const share = (kept - not) / median(wall);
    const percent = (value: number): string => `${figure(100 * value, 2)} %`;
    console.log(
      `\n${table(
        ['what', 'measured', 'wanted', ''],
        [
          ['CPU time without, median', `${figure(not, 2)} s`, '', ''],
          ['CPU time with texts kept, median', `${figure(kept, 2)} s`, '', ''],
          ['texts kept', figure(stored), '', ''],
          ['of the CPU time of the process', percent((kept - not) / not), '', ''],
          ['of a core, while the streams are open', percent(share), '≤ 2 %', share <= WANTED ? 'met' : 'missed'],
        ],
      )}`,
    );
    return share <= WANTED && stored === streams;
  }),
);
