/** Measures the time of a check: of a consistent response, a wrong one, and a value that is no status. The goal is less than 0.1 ms. */
import { checkConsistency, repair } from './check-consistency.ts';

const ROUNDS = 200_000;
const good = { task_id: 'run-1', stage: 'ai_fetching', status: 'processing', progress: 42, is_completed: false };
const results = Array.from({ length: 1_000 }, (_, index) => ({ model: 'qwen', question: `q${index}` }));
const BODIES: Readonly<Record<string, unknown>> = {
  consistent: good,
  'consistent, 1,000 results': { ...good, results },
  'inconsistent, repaired': { ...good, results, stage: 'failed', progress: 100 },
  'no status at all': null,
};

for (const [name, body] of Object.entries(BODIES)) {
  for (let round = 0; round < ROUNDS / 10; round += 1) repair(body, checkConsistency(body));
  const startedMs = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) repair(body, checkConsistency(body));
  const eachMs = (performance.now() - startedMs) / ROUNDS;
  process.stdout.write(`${name.padEnd(28)} ${eachMs.toFixed(6)} ms\n`);
}
