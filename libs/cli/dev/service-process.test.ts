import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CatenaError } from '../../errors/catena-error.ts';
import { ServiceProcess, type ServiceProcessOptions } from './service-process.ts';

let folder = '';
const services: ServiceProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'catena-service-'));
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const READY = `console.error(JSON.stringify({ level: 'info', time: new Date(), msg: 'ready' }));`;
const STAYS = `setInterval(() => {}, 1e6);`;
const LEAVES_WELL = `process.on('SIGTERM', () => process.exit(0));`;

function fake(source: string, changes: Partial<ServiceProcessOptions> = {}) {
  const program = join(folder, 'service.mjs');
  writeFileSync(program, source);
  const lines: string[] = [];
  const hopeless: CatenaError[] = [];
  const pids = new Set<number>();
  const service = new ServiceProcess({
    name: 'parser',
    program: [program],
    env: {},
    print: (text) => void lines.push(text.trimEnd()),
    isColoured: false,
    monotonicMs: () => performance.now(),
    ledger: { add: (_name, pid) => void pids.add(pid), remove: (pid) => void pids.delete(pid) },
    onHopeless: (error) => void hopeless.push(error),
    pausesMs: [10, 40],
    ...changes,
  });
  services.push(service);
  return { service, lines, hopeless, pids };
}

const restarts = (lines: readonly string[]): string[] => lines.filter((line) => line.includes('restarting it'));

describe('a service that is kept running', () => {
  it('is ready, ends when asked, and is remembered in between', async () => {
    const { service, lines, pids } = fake(READY + LEAVES_WELL + STAYS);
    service.start();
    await service.ready;
    expect([...pids]).toEqual([service.pid]);
    await service.stop();
    await service.stop();
    expect([pids.size, service.pid, lines.length]).toEqual([0, undefined, 1]);
    service.start();
    expect(service.pid).toBeUndefined();
  });

  it('is started again when it is killed', async () => {
    const { service, lines } = fake(READY + STAYS);
    service.start();
    await service.ready;
    const first = service.pid!;
    process.kill(first, 'SIGKILL');
    await vi.waitFor(() => expect(lines.filter((line) => line.endsWith('ready'))).toHaveLength(2), 10_000);
    expect(service.pid).not.toBe(first);
    expect(restarts(lines)).toEqual(['ended (SIGKILL): restarting it in 10 ms']);
  });

  it('waits longer each time, up to a bound', async () => {
    const { service, lines } = fake(`console.log('oh no'); process.exitCode = 1;`);
    service.start();
    await vi.waitFor(() => expect(restarts(lines).length).toBeGreaterThanOrEqual(4), 10_000);
    expect(
      restarts(lines)
        .slice(0, 4)
        .map((line) => /\d+ ms/.exec(line)?.[0]),
    ).toEqual(['10 ms', '20 ms', '40 ms', '40 ms']);
    expect(lines).toContain('oh no');
  });

  it('begins with the short wait again once it was sound for a while', async () => {
    let nowMs = 0;
    const { service, lines } = fake(`${READY} process.exitCode = 1;`, {
      monotonicMs: () => {
        nowMs += 30_000;
        return nowMs;
      },
    });
    service.start();
    await vi.waitFor(() => expect(restarts(lines).length).toBeGreaterThanOrEqual(3), 10_000);
    expect(new Set(restarts(lines))).toEqual(new Set(['ended (1): restarting it in 10 ms']));
  });

  it('is given up when it refuses what it was given', async () => {
    const { service, lines, hopeless } = fake(`console.log('bad setting'); process.exitCode = 2;`);
    service.start();
    await vi.waitFor(() => expect(hopeless).toHaveLength(1), 10_000);
    expect(hopeless[0]).toMatchObject({ code: 'cli.service_refused', data: { service: 'parser' } });
    expect(lines).toEqual(['bad setting']);
  });
});
