/** Reads a CPU profile of V8: where the time went, by package or file, and by function. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './scratch.ts';
import { figure, table } from './table.ts';

/** The parts of a .cpuprofile that matter here; times are in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  /** Empty for what has no source: V8 itself, and native functions. */
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
}

export interface Share {
  readonly name: string;
  readonly seconds: number;
}

export interface ProfileSummary {
  /** Without idle time. */
  readonly busySeconds: number;
  readonly groups: readonly Share[];
  readonly functions: readonly Share[];
}

/** Reads a .cpuprofile. */
export function readProfile(path: string): CpuProfile {
  return JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
}

/** Self time: that of a function without what it called. */
export function summarize({ nodes, samples, timeDeltas }: CpuProfile): ProfileSummary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const groups = new Map<string, number>();
  const functions = new Map<string, number>();
  let busySeconds = 0;
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id);
    const seconds = (timeDeltas[index] ?? 0) / 1e6;
    if (frame === undefined || frame.functionName === '(idle)') continue;
    busySeconds += seconds;
    add(groups, groupOf(frame), seconds);
    add(functions, functionOf(frame), seconds);
  }
  return { busySeconds, groups: sorted(groups), functions: sorted(functions) };
}

export function profileTables({ busySeconds, groups, functions }: ProfileSummary): string {
  const rows = (shares: readonly Share[], count: number): string[][] =>
    shares.slice(0, count).map(({ name, seconds }) => [name, share(seconds), figure(seconds, 2)]);
  const share = (seconds: number): string => `${figure((seconds / busySeconds) * 100, 1)} %`;
  return [
    table(['package or folder', 'self time', 's'], rows(groups, 15)),
    table(['function', 'self time', 's'], rows(functions, 25)),
  ].join('\n\n');
}

function groupOf({ functionName, url }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native functions';
  if (url.startsWith('wasm:')) return 'WebAssembly';
  const path = placeOf(url);
  const [first = path, second = ''] = path.split('/');
  if (first === 'libs' || first === 'services') return second.endsWith('.ts') ? path : `${first}/${second}`;
  if (first.startsWith('@') || first.startsWith('node:')) return second === '' ? first : `${first}/${second}`;
  return first === 'test' || first === 'examples' ? path : first;
}

function functionOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${placeOf(url)}:${lineNumber + 1}`;
}

/** A package with its path, a file of ours from the root, or a module of Node. */
function placeOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  const path = fileURLToPath(url);
  const inPackage = path.lastIndexOf('/node_modules/');
  return inPackage === -1 ? relative(ROOT, path) : path.slice(inPackage + '/node_modules/'.length);
}

function add(sums: Map<string, number>, name: string, seconds: number): void {
  sums.set(name, (sums.get(name) ?? 0) + seconds);
}

function sorted(sums: ReadonlyMap<string, number>): Share[] {
  return [...sums].map(([name, seconds]) => ({ name, seconds })).sort((a, b) => b.seconds - a.seconds);
}
