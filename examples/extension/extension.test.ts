/** The extension as its user has it: named by a setting, in the real program, at the command line and over HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished, vi } from 'vitest';

const HERE = import.meta.dirname;
const PROGRAM = join(HERE, '../../services/catena.ts');
const EXTENSION = join(HERE, 'extension.ts');

/** The program in a folder of its own, which goes when the test ends. */
function catena(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const folder = mkdtempSync(join(tmpdir(), 'catena-extension-'));
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    rmSync(folder, { recursive: true, force: true });
  });
  return child;
}

async function output(child: ChildProcess) {
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { stdout, stderr, code };
}

it('brings a command, which runs its module with its setting, as the README says', async () => {
  const readme = readFileSync(join(HERE, 'README.md'), 'utf8');
  const [, command = ''] = /^npm run catena -- (greet .*)$/m.exec(readme) ?? [];
  const [, said = ''] = /^```jsonl\n([^`]*)\n```$/m.exec(readme) ?? [];
  const args = [...command.split(' '), '--set', `extensions.files=${EXTENSION}`];
  const { stdout, stderr, code } = await output(catena(args));
  expect(stdout.trimEnd().split('\n').sort(), stderr).toEqual(said.split('\n'));
  expect(said).toContain('Ciao, Ada!');
  expect(code).toBe(0);
});

it('is told of what is wrong with its setting, as with any other', async () => {
  const env = { CATENA_EXTENSIONS_FILES: EXTENSION, CATENA_GREETING_WORD: 'Ola' };
  const { stderr, code } = await output(catena(['greet', 'Ada'], env));
  expect(stderr).toContain('greeting.word (CATENA_GREETING_WORD): read "Ola", expected one of Hello, Ciao, Moin');
  expect(code).toBe(2);
});

it('brings routes, whose runs its module does, beside those of the product', async () => {
  const env = { CATENA_EXTENSIONS_FILES: EXTENSION, CATENA_GREETING_WORD: 'Moin', CATENA_LOG_FORMAT: 'json' };
  const child = catena(['serve', join(HERE, 'module.ts'), '--api', '127.0.0.1:0'], env);
  let log = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const api = await vi.waitFor(
    () => /"api":"([^"]+)".*"msg":"ready"/.exec(log)?.[1] ?? Promise.reject(new Error(`it says: ${log}`)),
    { timeout: 20_000, interval: 50 },
  );
  const answer = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${api}${path}`, init);
    // biome-ignore lint/suspicious/noExplicitAny: the bodies of several routes.
    return { status: response.status, body: (await response.json()) as any };
  };
  const post = (body: unknown) =>
    answer('/api/greetings', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  const submitted = await post({ names: ['Ada'] });
  expect(submitted, log).toMatchObject({ status: 200, body: { run_id: expect.any(String) } });
  await vi.waitFor(async () => {
    expect(await answer(`/api/greetings/${submitted.body.run_id}`)).toEqual({
      status: 200,
      body: { finished: true, greetings: ['Moin, Ada!'] },
    });
  }, 10_000);
  expect(await post({ names: [] })).toMatchObject({ status: 400, body: { error: 'api.invalid_argument' } });
  expect(await answer('/api/greetings/nobody')).toMatchObject({ status: 404, body: { error: 'greeting.unknown_run' } });
  const { body } = await answer('/openapi.json');
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/health', '/api/greetings', '/api/greetings/{run_id}', '/api/perform-brand-test']),
  );
});
