/** A process that blocks its main loop as its first argument says, for as many milliseconds as its second says. */

import { METRICS } from '../metric-names.ts';
import { Metrics } from '../metrics.ts';
import { startWatchdog } from './watchdog.ts';

const [how = 'loop', forMs = 'Infinity'] = process.argv.slice(2);

const BLOCKS: Readonly<Record<string, (untilMs: number) => void>> = {
  loop: function blockByLoop(untilMs) {
    while (performance.now() < untilMs);
  },
  regex: () => void /^(a+)+$/.test(`${'a'.repeat(60)}b`),
  wait: (untilMs) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, untilMs - performance.now()),
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const metrics = new Metrics();
startWatchdog({
  log: { level: 'info', format: 'json', runtimeMode: 'single_node' },
  fields: { service: 'fixture' },
  metrics,
});
let signals = 0;
process.on('SIGINT', () => {
  signals += 1;
  say(`signal ${signals}`);
});
process.on('SIGTERM', () => say('terminated'));

if (how !== 'idle') {
  // The thread is up before the loop is blocked.
  setTimeout(() => {
    say('blocked');
    BLOCKS[how]!(performance.now() + Number(forMs));
    setTimeout(() => {
      const longest = metrics.gauge(METRICS.mainLoopLongestStallMs).with({}).value;
      say(JSON.stringify({ longest, blocked: metrics.total(METRICS.mainLoopBlockedMs) }));
    }, 1_500);
    setTimeout(() => process.exit(7), 60_000);
  }, 1_500);
}
