import { describe, expect, it } from 'vitest';
import { ClaimCode } from '../../coordination/protocol/claims.ts';
import { CommitCode } from '../../coordination/protocol/commits.ts';
import type { Coordinator } from '../../coordination/protocol/port.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import type { CommitPort } from '../items/commit-port.ts';
import { meterTransitions } from './metered-coordinator.ts';

/** Only the methods that a test calls answer; they say what `this` they were called with. */
class FakeCoordinator {
  readonly #code = ClaimCode.PAUSED;

  async claim() {
    return { code: this.#code };
  }

  async renew() {
    return 1;
  }

  async findRun() {
    return undefined;
  }

  async release(): Promise<number> {
    throw new Error('no answer');
  }
}

function open() {
  const metrics = new Metrics();
  let now = 0;
  const missing = { get: (target: object, name: string) => Reflect.get(target, name) ?? (() => undefined) };
  const fake = new FakeCoordinator();
  const coordinator = new Proxy(Object.create(null), {
    get: (_, name: string) => missing.get(fake, name).bind(fake),
  }) as unknown as Coordinator;
  const commits = { commit: async () => ({ code: CommitCode.COMMIT_OK }) } as unknown as CommitPort;
  const tick = () => (now += 1.5);
  const samples = (text: string) =>
    metrics
      .expose()
      .split('\n')
      .filter((line) => line.includes(text));
  return { metered: meterTransitions({ coordinator, commits }, metrics, tick), samples };
}

const command = {} as never;

describe('a metered coordinator', () => {
  it('answers what the coordinator answers, and counts it by its name', async () => {
    const { metered, samples } = open();
    expect(await metered.coordinator.claim(command)).toEqual({ code: ClaimCode.PAUSED });
    expect(await metered.coordinator.renew(command)).toBe(1);
    expect(samples('code="PAUSED"}')).toContain('script_code_total{script="ptm_claim",code="PAUSED"} 1');
    expect(samples('ptm_renew"')).toContain('script_code_total{script="ptm_renew",code="FENCING_REJECT"} 1');
    expect(samples('script_latency_ms_sum{script="ptm_claim"}')).toEqual([
      'script_latency_ms_sum{script="ptm_claim"} 1.5',
    ]);
  });

  it('times reads, which have no code', async () => {
    const { metered, samples } = open();
    expect(await metered.coordinator.findRun('r')).toBeUndefined();
    expect(samples('script_latency_ms_count{script="run_read"}')).toEqual([
      'script_latency_ms_count{script="run_read"} 1',
    ]);
    expect(samples('script_code_total{script="run_read"')).toEqual([]);
  });

  it('times a call that is rejected, and rejects', async () => {
    const { metered, samples } = open();
    await expect(metered.coordinator.release(command)).rejects.toThrow('no answer');
    expect(samples('script_latency_ms_count{script="ptm_release"}')).toEqual([
      'script_latency_ms_count{script="ptm_release"} 1',
    ]);
    expect(samples('script_code_total{script="ptm_release"').every((line) => line.endsWith(' 0'))).toBe(true);
  });

  it('counts commits with items as commits', async () => {
    const { metered, samples } = open();
    await metered.commits.commit(command, undefined);
    expect(samples('code="COMMIT_OK"')).toContain('script_code_total{script="ptm_commit_success",code="COMMIT_OK"} 1');
  });
});
