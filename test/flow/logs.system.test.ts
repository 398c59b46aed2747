/** The lines of a run over services: what an operator finds by its id, in every service, and who asked for what. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { startCountedSite } from '../fixtures/deployment/counted-site.ts';
import { FIVE_SERVICES, startDeployment } from '../fixtures/deployment/deployment.ts';
import { closedRun, submitRun } from '../fixtures/deployment/runs.ts';
import type { ServiceLogLine } from '../fixtures/deployment/service-process.ts';

const MODULE = 'parser-throws@1.0.0';
const PATIENT = { timeout: 30_000, interval: 100 };
const QUICK = {
  CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
  CATENA_LIMITS_CONCURRENCY_PER_HOST: '0',
  CATENA_ROBOTS_ENABLED: 'false',
};
/** On every line about a node. */
const NODE_FIELDS = [
  'run_id',
  'task_id',
  'module_id',
  'step_idx',
  'prefix_request',
  'decision',
  'epoch',
  'runtime_mode',
];
const NODE_LINE = /^a node (?:was (?:claimed|committed|released|passed on)|failed)$/;

it('O12: every service writes lines with the id of the run; milestones are at info, and each says who, where and what', async () => {
  const site = await startCountedSite();
  const deployment = await startDeployment({
    modules: ['test/fixtures/modules/parser-throws.ts'],
    env: { ...QUICK, CATENA_LOG_LEVEL: 'debug' },
  });
  onTestFinished(() => deployment.stop());
  const runId = await submitRun(deployment, MODULE, { base: site.url });
  expect((await closedRun(deployment, runId)).end).toMatchObject({ items: 2, dead: 1 });
  await deployment.ingress.pauseRun({ runId }).catch(() => undefined);
  for await (const _ of deployment.ingress.replayDeadLetters({ runId })) {
    // What was replayed is counted in its line.
  }
  const linesOf = (name: string): readonly ServiceLogLine[] =>
    deployment.services.find((each) => each.name === name)!.log.filter((line) => line.run_id === runId);
  const all = () => FIVE_SERVICES.flatMap(linesOf);

  // Events go through the outbox, and may be relayed by any of the processes.
  await vi.waitFor(() => expect(all().map(({ msg }) => msg)).toContain('a run was closed'), PATIENT);
  await vi.waitFor(() => expect(all().map(({ msg }) => msg)).toContain('the last node of a run ended'), PATIENT);
  for (const name of FIVE_SERVICES) expect(linesOf(name).length, name).toBeGreaterThan(0);

  const nodes = all().filter(({ msg }) => NODE_LINE.test(msg));
  expect(nodes.length).toBeGreaterThan(10);
  const incomplete = nodes.filter(
    (line) => NODE_FIELDS.some((field) => !(field in line)) || !('request_id' in line || 'hop_id' in line),
  );
  expect(incomplete).toEqual([]);
  expect(new Set(nodes.map(({ level }) => level))).toEqual(new Set(['debug']));

  const milestones = all().filter(({ level }) => level !== 'debug');
  const said = (msg: string) => milestones.filter((line) => line.msg === msg);
  expect(said('a run was opened').length).toBeGreaterThanOrEqual(1);
  expect(said('a phase was closed')[0]).toMatchObject({ task_id: runId, module_id: MODULE, phase: 0, dead: 1 });
  expect(said('a module was completed').length).toBeGreaterThanOrEqual(1);
  expect(said('a run was closed')[0]).toMatchObject({ decision: 'completed', items: 2, dead: 1 });
  expect(said('a node is a dead letter')[0]).toMatchObject({
    ...{ level: 'info', task_id: runId, module_id: MODULE, step_idx: 0, stage: 'parser', attempt: 2, decision: 'dead' },
    ...{ code: 'parse.threw', class: expect.any(String), prefix_request: expect.any(String) },
  });

  const audited = milestones.filter(({ msg }) => msg === 'audit');
  expect(audited).toContainEqual(
    expect.objectContaining({ audit: 'submit', account: 'acme', platform: 'web', modules: [MODULE] }),
  );
  expect(audited).toContainEqual(expect.objectContaining({ audit: 'replay', nodes: 1, replayed: 1 }));
  for (const line of audited) expect(line.caller).toMatch(/^anybody at (?:ipv[46]:)?[\d.:[\]a-f]+$/);
}, 120_000);
