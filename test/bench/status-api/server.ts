/** `catena serve` over a database of the benchmark, in a process of its own, with models that never answer. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startProvider } from '../../brand-flow/provider.ts';
import { ROOT } from '../scratch.ts';

export interface BenchServer {
  readonly url: string;
  stop(): Promise<void>;
}

const MODELS = ['doubao', 'deepseek', 'qwen', 'zhipu'];

export async function startBenchServer(path: string, folder: string): Promise<BenchServer> {
  const provider = await startProvider(() => 'hang');
  const providers = join(folder, 'providers.yaml');
  const entry = { codec: 'openai-chat', baseUrl: provider.baseUrl, keyReference: 'TEST_MODEL_KEY' };
  writeFileSync(providers, stringify({ providers: MODELS.map((name) => ({ name, model: name, ...entry })) }));
  const module = join(ROOT, 'libs/brand/module/brand-diagnosis.ts');
  const args = ['serve', module, '--api', '127.0.0.1:0', '--db', path, '--set', `brand.providers=${providers}`];
  const child = spawn(process.execPath, [join(ROOT, 'services/catena.ts'), ...args], {
    env: { PATH: '/usr/bin:/bin', CATENA_LOG_FORMAT: 'json' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const url = await readyAt(child);
  return {
    url,
    stop: async () => {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
      await provider.stop();
    },
  };
}

function readyAt(child: ChildProcess): Promise<string> {
  let log = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const url = /"api":"([^"]+)".*"msg":"ready"/.exec(log)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('close', (code) => reject(new Error(`the server ended (${code}):\n${log}`)));
  });
}
