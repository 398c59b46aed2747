import { describe, expect, it } from 'vitest';
import type { Finding } from '../../config/finding.ts';
import { CatenaError } from '../../errors/catena-error.ts';
import { runCli } from '../cli.fixture.ts';

const finding = (changes: Partial<Finding> = {}): Finding => ({
  ...{ subject: 'Redis', property: 'persistence', found: 'appendonly yes', severity: 'ok', remedy: '' },
  ...changes,
});
const doctor = (findings: readonly Finding[], ...options: readonly string[]) =>
  runCli(['doctor', ...options], { examine: async () => findings });

describe('catena doctor', () => {
  const short = finding({ severity: 'error', found: 'appendonly is no', remedy: 'set appendonly to yes' });
  const silent = finding({
    subject: 'NATS',
    property: 'connection',
    severity: 'unanswered',
    found: 'no answer',
    remedy: 'start it',
  });

  it('ends with 0 when the level is met, also with warnings', async () => {
    const { code, stdout } = await doctor([
      finding(),
      finding({ severity: 'warning', property: 'clock', remedy: 'sync' }),
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/mode single_node/);
    expect(stdout).toMatch(/WARNING +Redis +clock/);
    expect(stdout).toMatch(/Redis, clock: sync/);
  });

  it('ends with 1 when something falls short, with the remedy', async () => {
    const { code, stdout } = await doctor([finding(), short]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/ERROR +Redis +persistence +appendonly is no/);
    expect(stdout).toMatch(/Redis, persistence: set appendonly to yes/);
  });

  it('ends with 5 when a server does not answer, and names the worst first', async () => {
    const { code, stdout } = await doctor([short, silent]);
    expect(code).toBe(5);
    expect(stdout.indexOf('NATS, connection: start it')).toBeLessThan(stdout.indexOf('Redis, persistence: set'));
  });

  it('prints findings as data', async () => {
    const { stdout } = await doctor([short], '--json');
    expect(JSON.parse(stdout)).toEqual({ mode: 'single_node', findings: [short] });
  });
});

describe('catena recover', () => {
  const result = {
    runs: 12,
    nodes: 3_400,
    reopened: 1,
    drift: 0,
    withdrawn: 7,
    ended: 0,
    unsettled: 0,
    incarnation: 4,
  };

  it('prints what was found, and what it means where something was', async () => {
    const { code, stdout } = await runCli(['recover'], { recover: async () => result });
    expect(code).toBe(0);
    expect(stdout).toMatch(/incarnation 4\n12 open runs with 3,400 nodes/);
    expect(stdout).toMatch(/opened again +1 +the coordinator had lost them/);
    expect(stdout).toMatch(/counters corrected +0 *\n/);
    const { stdout: json } = await runCli(['recover', '-o', 'json'], { recover: async () => result });
    expect(JSON.parse(json)).toEqual(result);
  });

  it('ends with 5 when a server does not answer', async () => {
    const away = new CatenaError('store.unavailable', 'nobody is there', { class: 'retryable' });
    const { code, stderr } = await runCli(['recover'], { recover: () => Promise.reject(away) });
    expect([code, stderr]).toEqual([5, expect.stringContaining('nobody is there')]);
  });
});

it('catena migrate says that the tables are ready', async () => {
  const { code, stderr } = await runCli(['migrate']);
  expect([code, stderr]).toEqual([0, expect.stringContaining('the tables are those of this version')]);
});
