/** Names that stand outside the process are spelled in one file each; so is the environment, and some names in none. */
import { EVENT_TYPES } from '../../libs/contracts/events.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { isProduct, isTypeScript, type SourceFile } from './source-tree.ts';

interface SpelledName {
  readonly what: string;
  readonly home: string;
  readonly matches: (text: string) => boolean;
}

const METRIC_NAMES = new Set(Object.values(METRICS).map(({ name }) => name));
const EVENT_NAMES: ReadonlySet<string> = new Set(EVENT_TYPES);

const SPELLED: readonly SpelledName[] = [
  { what: 'a key', home: 'libs/keys/keys.ts', matches: (text) => /^chain:/.test(text) },
  {
    what: 'a subject or a stream',
    home: 'libs/contracts/subjects.ts',
    matches: (text) =>
      /^chain\.(?:$|(?:task|parser_task|error_task|request|response|error|event)\b)/.test(text) ||
      /^CHAIN_(?:TASK|REQUEST|RESPONSE|ERROR|EVENT)$/.test(text),
  },
  {
    what: 'a metric',
    home: 'libs/telemetry/metric-names.ts',
    matches: (text) => METRIC_NAMES.has(text.replace(/(?:_bucket|_sum|_count)?(?:\{.*)?$/, '')),
  },
  {
    what: 'an event',
    home: 'libs/contracts/events.ts',
    matches: (text) =>
      EVENT_NAMES.has(text) || /^(?:engine|system)\.[a-z_]+\.(?:started|completed|failed|retry)$/.test(text),
  },
];

/** One line per key, subject, metric or event that is spelled outside its file. */
export function spelledNames(files: readonly SourceFile[]): string[] {
  return files.filter(isProduct).flatMap(({ path, tokens }) =>
    tokens.flatMap(({ kind, text, line }) => {
      if (kind !== 'string') return [];
      const spelled = SPELLED.find(({ home, matches }) => home !== path && matches(text));
      return spelled === undefined
        ? []
        : [`${path}:${line} spells ${spelled.what}, '${text}': name it by ${spelled.home}`];
    }),
  );
}

const ENVIRONMENT = 'libs/config/environment.ts';

/** One line per place that reads the environment elsewhere. */
export function environmentReads(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isTypeScript(file) && file.path !== ENVIRONMENT)
    .flatMap(({ path, tokens }) =>
      tokens.flatMap(({ text, line }, index) => {
        const [dot, name, end] = [tokens[index + 1]?.text, tokens[index + 2]?.text, tokens[index + 3]?.text];
        const reads =
          text === 'process' && ((dot === '.' && name === 'env') || (dot === '[' && name === 'env' && end === ']'));
        return reads ? [`${path}:${line} reads the environment: only ${ENVIRONMENT} may`] : [];
      }),
    );
}

const BUCKETS = /(?:^|\/)(?:utils?|commons?|helpers?|types|misc|shared)(?:\/|\.[\w.-]+$)/;

/** Files and folders whose name says nothing about what is in them. */
export function bucketNames(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => BUCKETS.test(path))
    .map(({ path }) => `${path} is named after nothing: say what it holds`);
}

/** TypeScript files are named in kebab case. */
export function oddFileNames(files: readonly SourceFile[]): string[] {
  return files
    .filter(isTypeScript)
    .filter(({ path }) => !/^(?:.*\/)?[a-z\d]+(?:[-.][a-z\d]+)*\.ts$/.test(path))
    .map(({ path }) => `${path} is not in kebab case`);
}

/** Put together here, so that this file does not hold what it looks for. */
const REGISTRIES = [
  ['registry', 'npmjs', 'org'],
  ['npmjs', 'com'],
  ['registry', 'yarnpkg', 'com'],
  ['pypi', 'org'],
  ['deb', 'debian', 'org'],
].map((labels) => labels.join('.'));

/** Files that name the host of a package registry. */
export function registryHosts(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    REGISTRIES.filter((host) => text.includes(host)).map((host) => `${path} names the registry ${host}`),
  );
}

const LATER = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b`);

/** Lines that put something off. */
export function putOff(files: readonly SourceFile[]): string[] {
  return files
    .filter(isTypeScript)
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (LATER.test(line) ? [`${path}:${index + 1} puts something off`] : [])),
    );
}
