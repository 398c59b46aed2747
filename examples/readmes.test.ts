/** The README of each small example is executed: its command is run on its site, and its output is compared. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { runCli } from '../libs/cli/cli.fixture.ts';
import { startSingleNode } from '../services/node/single.ts';
import { scratchDatabase } from '../test/fixtures/single-mode.ts';
import { serveSite } from './serve.ts';

const FOLDER = import.meta.dirname;
/** The handbook has a site too, and is no small example. */
const SMALL = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'site.ts')) && name !== 'handbook');

it.each(SMALL)('%s: its command gives what its README says', async (name) => {
  const readme = readFileSync(join(FOLDER, name, 'README.md'), 'utf8');
  const [, variables = '', command = ''] = /^((?:\w+=\S+ )*)npm run catena -- (run .*)$/m.exec(readme) ?? [];
  const [, output = ''] = /^```jsonl\n([^`]*)\n```$/m.exec(readme) ?? [];
  const [, code = '0'] = /\bends with code (\d+)/.exec(readme) ?? [];
  expect(readme).toContain(`npm run site -- ${name} `);

  const site = await serveSite(name, 0);
  onTestFinished(() => {
    site.closeAllConnections();
    site.close();
  });
  for (const pair of variables.split(' ').filter(Boolean)) vi.stubEnv(...(pair.split('=') as [string, string]));
  onTestFinished(() => void vi.unstubAllEnvs());
  const { port } = site.address() as AddressInfo;
  const here = command.replace('127.0.0.1:8080', `127.0.0.1:${port}`).split(' ');
  // The polite pace of the default is for sites of other people.
  const args = [...here, '--db', scratchDatabase(), '--rps', '0'];
  const ended = await runCli(args, { loadEngine: async () => startSingleNode });
  expect(ended.stdout.trimEnd().split('\n').sort(), ended.stderr).toEqual(output.split('\n').sort());
  expect(ended.code).toBe(Number(code));
});

it('lists all of them', () => {
  const listed = [...readFileSync(join(FOLDER, 'README.md'), 'utf8').matchAll(/^\| \[([\w-]+)\]/gm)].map(
    ([, name]) => name,
  );
  expect(listed).toEqual(expect.arrayContaining(SMALL));
  expect(SMALL.length).toBeGreaterThanOrEqual(12);
});
