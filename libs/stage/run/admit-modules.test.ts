import { describe, expect, it } from 'vitest';
import type { KeptContract, RunRecord } from '../../store/port.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { type AdmissionDeps, admitModules } from './admit-modules.ts';

const contract = (...steps: readonly string[]) => JSON.stringify({ steps: steps.map((name) => ({ name })) });
const module = (changes: Partial<AdmissionDeps['modules'][number]> = {}) => ({
  ...{ id: 'shop@1.0.0', contract: contract('list', 'detail'), code: 'a' },
  ...changes,
});

function openPlace(runs: readonly Partial<RunRecord>[] = []) {
  const lines: string[] = [];
  const kept = new Map<string, KeptContract>();
  const say: Log['warn'] = (message) => void lines.push(message);
  const store: AdmissionDeps['store'] = {
    keepContract: async (now) => {
      if (!kept.has(now.moduleId)) kept.set(now.moduleId, now);
      return kept.get(now.moduleId)!;
    },
    replaceContract: async (before, now) => {
      if (kept.get(before.moduleId) !== before) return false;
      kept.set(now.moduleId, now);
      return true;
    },
    listRuns: async ({ state }) => (state === 'open' ? (runs as readonly RunRecord[]) : []),
  };
  const log = { ...silentLog, warn: say, info: say };
  const admit = (one = module(), mayChange = false) => admitModules({ store, modules: [one], mayChange, log });
  return { admit, kept, lines };
}

describe('a contract that changed under the same version (O9)', () => {
  const changed = module({ contract: contract('detail', 'list') });

  it('is refused, with what differs', async () => {
    const { admit } = openPlace();
    await admit();
    await expect(admit(changed)).rejects.toMatchObject({
      code: 'module.contract_changed',
      class: 'fatal',
      message: expect.stringContaining('steps.0.name was "list" and is "detail"'),
      remedy: expect.stringContaining('modules.allow_changes'),
    });
    await admit();
  });

  it('is refused even where changes are allowed, while a run of it is open', async () => {
    const { admit } = openPlace([{ runId: 'run-7' }]);
    await admit();
    await expect(admit(changed, true)).rejects.toMatchObject({
      code: 'module.contract_changed',
      data: { runs: ['run-7'] },
      remedy: expect.stringContaining('`catena cancel` run-7'),
    });
  });

  it('replaces the old one where changes are allowed and no run is open; then the old one is refused', async () => {
    const { admit, kept } = openPlace();
    await admit();
    await admit(changed, true);
    expect(kept.get('shop@1.0.0')?.contract).toBe(changed.contract);
    await expect(admit()).rejects.toMatchObject({ code: 'module.contract_changed' });
  });
});

describe('code that changed under the same contract', () => {
  const now = module({ code: 'b' });

  it('is said when runs are open that began with other code', async () => {
    const { admit, lines } = openPlace([{ runId: 'run-7', code: { 'shop@1.0.0': 'a' } }]);
    await admit();
    expect(lines).toEqual([]);
    await admit(now);
    expect(lines).toEqual([expect.stringMatching(/^the code of a module is another/)]);
  });

  it('is not said when no run is open, or none that noted its code', async () => {
    const { admit, lines } = openPlace([{ runId: 'run-7' }]);
    await admit();
    await admit(now);
    expect(lines).toEqual([]);
  });
});

it('a module without a contract is served as it is', async () => {
  const { admit, kept } = openPlace();
  await admit(module({ contract: '' }));
  expect(kept.size).toBe(0);
});
