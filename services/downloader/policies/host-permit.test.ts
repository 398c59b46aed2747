import { expect, it } from 'vitest';
import { AdmittedPermit, HostPermit } from './host-permit.ts';

function permit() {
  const log: string[] = [];
  return { log, release: () => void log.push('released'), stepAside: () => void log.push('aside') };
}

it('the permit of a host is exchanged at a redirect; those of run and step stay to the end', () => {
  const [host, step, next] = [permit(), permit(), permit()];
  const admitted = new AdmittedPermit(host, [step]);
  const held = new HostPermit(admitted);
  held.stepAside();
  held.exchange(next);
  expect([host.log, step.log, next.log]).toEqual([['aside', 'released'], [], []]);
  held.release();
  held.release();
  expect(next.log).toEqual(['released']);
  admitted.release();
  expect(step.log).toEqual(['released']);
});

it('a permit that waited for its host alone is that of the host', () => {
  const host = permit();
  new HostPermit(host).release();
  expect(host.log).toEqual(['released']);
});

it('none is held by a request that was not admitted', () => {
  const held = new HostPermit();
  held.stepAside();
  held.release();
  const next = permit();
  held.exchange(next);
  expect(next.log).toEqual([]);
});
