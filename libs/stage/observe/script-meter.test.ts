import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../telemetry/metrics.ts';
import { scriptMeter } from './metered-coordinator.ts';

const LUA = new URL('../../../lua', import.meta.url);
const SCRIPTS = readdirSync(LUA, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.lua') && !path.startsWith('lib/'))
  .map((path) => basename(path, '.lua'));

describe('the meter of scripts', () => {
  it('counts answers by their names and takes their time', () => {
    const metrics = new Metrics();
    const meter = scriptMeter(metrics);
    for (const code of [0, 0, 4]) meter('ptm_claim', code, 0.5);
    const lines = metrics.expose().split('\n');
    expect(lines).toContain('script_code_total{script="ptm_claim",code="EXECUTE"} 2');
    expect(lines).toContain('script_code_total{script="ptm_claim",code="LOCKED_BY_OTHER"} 1');
    expect(lines).toContain('script_latency_ms_count{script="ptm_claim"} 3');
  });

  it('has a name for every code of every transition that there is', () => {
    const metrics = new Metrics();
    const meter = scriptMeter(metrics);
    const transitions = SCRIPTS.filter((name) =>
      /^(?:ptm|etm|run_(?:open|control|settle)|children_(?:stage|pump)|scope_drain|phase_close)/.test(name),
    );
    for (const script of transitions) meter(script, 0, 0);
    expect(transitions.length).toBeGreaterThan(12);
    expect(metrics.expose()).not.toMatch(/code="\d+"/);
  });
});
