/** Servers of the HTTP API for tests: models of the test, real sockets, in this process or as one of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished, vi } from 'vitest';
import { stringify } from 'yaml';
import { defineDiagnosis } from '../../libs/brand/module/define-diagnosis.ts';
import { readRegistry } from '../../libs/brand/module/provider-registry.ts';
import { ModuleRegistry } from '../../libs/calls/registry.ts';
import { loadConfig } from '../../libs/config/load-config.ts';
import { silentLog } from '../../libs/telemetry/log.ts';
import { Metrics } from '../../libs/telemetry/metrics.ts';
import { configure, EXTENSIONS } from '../../services/node/extensions.ts';
import { type SingleServer, startSingleServer } from '../../services/node/single-server.ts';
import { startPages } from '../brand-flow/pages.ts';
import { QUICK, type Settings } from '../fixtures/flow.ts';
import { programEnvironment } from '../fixtures/program-environment.ts';

export const KEY_NAME = 'TEST_MODEL_KEY';
export const KEY = 'key-of-nobody-123456';
export const MODELS = ['qwen', 'zhipu'] as const;

/** Two questions to two models. */
export const SUBMISSION = {
  brand_list: ['海澜鞋业', '云步', 'Strider'],
  selectedModels: ['qwen', { name: 'zhipu', checked: true }],
  custom_question: '推荐几款跑鞋？哪些耐磨',
  userOpenid: 'user-1',
};

/** A folder that goes when the test ends. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'catena-http-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** As {@link writeRegistry}, in a folder that goes when the test ends. */
export function registryFile(baseUrl: string): string {
  return writeRegistry(scratch(), baseUrl);
}

/** A provider registry in a file: models that speak the OpenAI format at one address. Answers its path. */
export function writeRegistry(folder: string, baseUrl: string): string {
  const path = join(folder, 'providers.yaml');
  const providers = MODELS.map((name) => ({
    name,
    codec: 'openai-chat',
    baseUrl,
    model: `${name}-test`,
    keyReference: KEY_NAME,
    limits: { requestsPerSecond: 1_000, concurrency: 100 },
    pricePerMillionTokens: { input: 2, output: 8 },
  }));
  writeFileSync(path, stringify({ providers }));
  return path;
}

/** The module over that registry; the pages that answers cite stand on loopback. */
export async function diagnosisOver(providers: string) {
  const pages = await startPages('海澜鞋业 与 云步 的对比');
  onTestFinished(() => pages.stop());
  const registry = readRegistry(providers);
  return defineDiagnosis({ registry: () => registry, pageUrl: pages.pageUrl });
}

/** Single-node mode with the API open, in this process. */
export async function serveHere(baseUrl: string, settings: Settings = {}): Promise<SingleServer> {
  const providers = registryFile(baseUrl);
  vi.stubEnv(KEY_NAME, KEY);
  onTestFinished(() => void vi.unstubAllEnvs());
  const loaded = loadConfig({
    env: {},
    extensions: EXTENSIONS,
    overrides: {
      ...{ ...QUICK, 'store.path': ':memory:', sweep_interval_ms: 10, 'api.listen': '127.0.0.1:0' },
      'downloader.secrets': KEY_NAME,
      'http.allowed_untrusted_targets': '127.0.0.1',
      'brand.providers': providers,
      ...settings,
    },
  });
  const modules = new ModuleRegistry([await diagnosisOver(providers)]);
  const extensions = configure(EXTENSIONS, loaded);
  const { config } = loaded;
  const server = await startSingleServer({ config, modules, extensions, metrics: new Metrics(), log: silentLog });
  onTestFinished(() => server.stop());
  return server;
}

export interface ServingProcess {
  readonly apiUrl: string;
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly log: () => string;
}

const ROOT = join(import.meta.dirname, '../..');

/** `catena serve` as a process, in a folder; resolves when it says that it is ready. */
export async function serveAsProcess(folder: string, env: Readonly<Record<string, string>>): Promise<ServingProcess> {
  const file = join(ROOT, 'libs/brand/module/brand-diagnosis.ts');
  const child = spawn(process.execPath, [join(ROOT, 'services/catena.ts'), 'serve', file, '--api', '127.0.0.1:0'], {
    cwd: folder,
    // Its models are on loopback.
    env: programEnvironment({ CATENA_LOG_FORMAT: 'json', CATENA_HTTP_ALLOWED_PRIVATE_TARGETS: '127.0.0.1', ...env }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  let log = '';
  const ready = new Promise<string>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const url = /"api":"([^"]+)".*"msg":"ready"/.exec(log)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const apiUrl = await Promise.race([
    ready,
    ended.then((code) => Promise.reject(new Error(`it ended (${code}):\n${log}`))),
  ]);
  return { apiUrl, child, ended, log: () => log };
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  readonly body: any;
}

export async function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const response = await fetch(url, { headers });
  return { status: response.status, body: await response.json() };
}

export async function post(
  apiUrl: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(`${apiUrl}/api/perform-brand-test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** Follows a run to its end by long polls; the stages in their order, and the last answer. */
export async function follow(
  apiUrl: string,
  runId: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly stages: string[]; readonly last: Answer }> {
  const stages: string[] = [];
  for (let known = ''; ; ) {
    const query = known === '' ? '' : `&stage=${known}`;
    const last = await get(`${apiUrl}/test/status/${runId}?wait=25${query}`, headers);
    if (last.status !== 200) return { stages, last };
    known = last.body.stage;
    stages.push(known);
    if (last.body.is_completed) return { stages, last };
  }
}

/** The output of a program that ends by itself. */
export async function outputOf(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(command, args, { env: programEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { stdout, stderr, code: code as number | null };
}

/** Submits as a browser does for a page, whose headers `fetch` would not let us set; resolves with the status. */
export async function postFrom(apiUrl: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const asked = request(`${apiUrl}/api/perform-brand-test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  });
  asked.end(JSON.stringify(SUBMISSION));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}
