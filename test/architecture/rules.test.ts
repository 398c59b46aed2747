// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sources that are looked at hold templates.
/** The rules can fail: each is shown a made-up file that breaks it, and one that does not. */
import { describe, expect, it } from 'vitest';
import { EVENTS } from '../../libs/contracts/events.ts';
import { subjectFilter } from '../../libs/contracts/subjects.ts';
import { chainKeys } from '../../libs/keys/keys.ts';
import { METRICS } from '../../libs/telemetry/metric-names.ts';
import { importCircles } from './circles.ts';
import { enginesExtensions, privateImports } from './extensions.ts';
import { citationsIn, LABELS_PAGE, labelViolations } from './labels.ts';
import { layerViolations } from './layers.ts';
import { anchorsOf, brokenLinks } from './links.ts';
import { pageCodeInMainThread } from './main-thread.ts';
import { bucketNames, environmentReads, oddFileNames, putOff, registryHosts, spelledNames } from './names.ts';
import { undeclaredPackages } from './packages.ts';
import { brokenPointers } from './pointers.ts';
import { defaultExports, SERVICES, SHAPE, shapeViolations } from './shape.ts';
import { sourceFile } from './source-tree.ts';
import { oldWords } from './words.ts';

const EXISTING = [
  'libs/keys/keys.ts',
  'libs/store/port.ts',
  'libs/coordination/protocol/commits.ts',
  'libs/contracts/messages.ts',
  'services/parser/page.ts',
  'services/parser/service.ts',
  'services/ingress/service.ts',
  'services/node/single.ts',
  'test/fixtures/site.ts',
  'examples/shop/shop.ts',
  'libs/made-up/x.ts',
].map((path) => sourceFile(path, ''));

function layers(path: string, source: string): string[] {
  return layerViolations([...EXISTING.filter((file) => file.path !== path), sourceFile(path, source)]);
}

describe('layers', () => {
  it.each([
    ['libs/store/a.ts', '../keys/keys.ts'],
    ['libs/modules/a.ts', '../coordination/protocol/commits.ts'],
    ['services/parser/a.ts', './page.ts'],
    ['services/parser/a.ts', '../../libs/store/port.ts'],
    ['services/node/single.ts', '../parser/service.ts'],
    ['services/stages.ts', './parser/service.ts'],
    ['libs/contracts/a.ts', './gen/catena/v1/task.ts'],
    ['libs/coordination/redis/a.ts', 'ioredis'],
    ['libs/bus/nats-bus.ts', '@nats-io/jetstream'],
    ['libs/store/sqlite-store.ts', 'node:sqlite'],
    ['libs/sqlite/database.ts', 'node:sqlite'],
    ['libs/keys/a.test.ts', '../../test/fixtures/site.ts'],
    ['test/a.ts', '../services/parser/page.ts'],
    ['examples/shop/a.ts', 'catena'],
    ['examples/shop/a.ts', './shop.ts'],
  ])('let %s import %s', (path, specifier) => {
    expect(layers(path, `import { a } from '${specifier}';`)).toEqual([]);
  });

  it.each([
    ['libs/keys/a.ts', '../store/port.ts', 'libs/store comes after libs/keys'],
    ['libs/keys/a.ts', '../../services/parser/page.ts', 'libraries import libraries only'],
    ['libs/keys/a.ts', '../../test/fixtures/site.ts', 'libraries import libraries only'],
    ['libs/keys/a.ts', '../made-up/x.ts', 'libs/made-up is not in the list of libraries'],
    ['libs/made-up/a.ts', '../keys/keys.ts', 'libs/made-up is not in the list of libraries'],
    ['libs/keys/a.ts', '../keys/keys', 'the file’s ending is missing'],
    ['libs/keys/a.ts', './gone.ts', 'there is no such file'],
    ['libs/keys/a.ts', 'catena', 'that name is for authors of modules'],
    ['libs/keys/a.ts', '../contracts/gen/catena/v1/task.ts', 'generated code is reached through libs/contracts'],
    ['test/a.ts', '../libs/contracts/gen/catena/v1/task.ts', 'generated code is reached through libs/contracts'],
    ['services/parser/a.ts', '../ingress/service.ts', 'a service never imports a service'],
    ['services/parser/a.ts', '../node/single.ts', 'a service never imports a service'],
    ['services/parser/a.ts', '../../test/fixtures/site.ts', 'services import libraries only'],
    ['services/node/single.ts', '../../examples/shop/shop.ts', 'services import libraries only'],
    ['examples/shop/a.ts', '../../libs/keys/keys.ts', 'an example stands alone'],
    ['services/parser/a.ts', 'ioredis', 'only its adapter may'],
    ['libs/bus/memory-bus.ts', '@nats-io/transport-node', 'only its adapter may'],
    ['libs/store/port.ts', 'node:sqlite', 'only its adapter may'],
    ['libs/store/port.ts', 'pg', 'only its adapter may'],
  ])('forbid %s to import %s: %s', (path, specifier, reason) => {
    expect(layers(path, `\nimport { a } from '${specifier}';`)).toEqual([`${path}:2 imports ${specifier}: ${reason}`]);
  });

  it('forbid types of later libraries, and whatever is imported another way', () => {
    expect(layers('libs/keys/a.ts', `import type { A } from '../store/port.ts';`)).toEqual([
      'libs/keys/a.ts:1 imports ../store/port.ts: libs/store comes after libs/keys, for types too',
    ]);
    expect(layers('libs/keys/a.ts', `export * from '../store/port.ts';`)).toHaveLength(1);
    expect(layers('libs/keys/a.ts', `const a = await import('../store/port.ts');`)).toHaveLength(1);
    expect(layers('libs/keys/a.ts', `type A = import('../store/port.ts').A;`)).toHaveLength(1);
  });
});

describe('extensions', () => {
  const SOURCE = "import { brandExtension } from '../../libs/brand/extension.ts';";

  it('are imported by the one file that lists them, by each other and by tests', () => {
    for (const path of [
      'services/node/extensions.ts',
      'libs/brand/a.ts',
      'services/node/alerts.test.ts',
      'test/x/a.ts',
    ]) {
      expect(enginesExtensions([sourceFile(path, SOURCE)])).toEqual([]);
    }
  });

  it.each([
    ['services/node/http-api.ts', '../../libs/brand/extension.ts'],
    ['libs/cli/program/a.ts', '../../brand/commands/add-commands.ts'],
    ['libs/cli/a.ts', '../brand/settings.ts'],
  ])('are not imported by %s, in whichever way', (path, specifier) => {
    for (const source of [
      `import { a } from '${specifier}';`,
      `import type { A } from '${specifier}';`,
      `export * from '${specifier}';`,
      `const a = await import('${specifier}');`,
    ]) {
      expect(enginesExtensions([sourceFile(path, source)])).toEqual([
        `${path}:1 imports ${specifier}: only services/node/extensions.ts knows extensions`,
      ]);
    }
  });

  const index = sourceFile(
    'libs/extension/index.ts',
    "export { defineExtension } from './extension.ts';\nexport { type Clock } from '../clock/clock.ts';",
  );
  const privately = (source: string) => privateImports([index, sourceFile('libs/brand/api/a.ts', source)]);

  it('import what authors can import, and their own', () => {
    expect(privately("import type { Clock } from '../../clock/clock.ts';")).toEqual([]);
    expect(privately("import { defineExtension } from '../../extension/extension.ts';")).toEqual([]);
    expect(privately("import { a } from '../settings.ts';\nimport { z } from 'zod';")).toEqual([]);
    expect(privately("import { defineModule } from '../../modules/index.ts';")).toEqual([]);
  });

  it('import nothing else of the engine', () => {
    const what = 'which libs/modules/index.ts and libs/extension/index.ts do not export';
    expect(privately("import {\n  type Clock,\n  systemClock as now,\n} from '../../clock/clock.ts';")).toEqual([
      `libs/brand/api/a.ts imports libs/clock/clock.ts: systemClock, ${what}`,
    ]);
    expect(privately("import * as clock from '../../clock/clock.ts';")).toHaveLength(1);
    expect(privately("const a = await import('../../clock/clock.ts');")).toHaveLength(1);
  });
});

describe('spelled-out names', () => {
  const spell = (path: string, text: string) => spelledNames([sourceFile(path, `const a = '${text}'; // '${text}'`)]);
  const metric = METRICS.ptmClaim.name;

  it.each([
    chainKeys.run(1, 'r'),
    chainKeys.shardDue(1),
    subjectFilter('parser_task'),
    'CHAIN_TASK',
    metric,
    `${metric}{result=`,
    METRICS.scriptLatencyMs.name,
    EVENTS.RunCompleted.type,
    EVENTS.RunCompleted.key,
  ])('are found: %s', (text) => {
    expect(spell('libs/stage/a.ts', text)).toEqual([expect.stringMatching(/^libs\/stage\/a\.ts:1 spells an? /)]);
    expect(spell('libs/stage/a.test.ts', text)).toEqual([]);
    expect(spell('test/a.ts', text)).toEqual([]);
  });

  it('are found in templates', () => {
    const templates = ['`chain:{s${shard}}:run`', '`chain.${kind}.x`'].map((text) =>
      sourceFile('libs/stage/a.ts', text),
    );
    expect(spelledNames(templates)).toHaveLength(2);
  });

  it('may stand in their own file', () => {
    expect(spell('libs/keys/keys.ts', chainKeys.run(1, 'r'))).toEqual([]);
    expect(spell('libs/contracts/subjects.ts', 'CHAIN_TASK')).toEqual([]);
  });

  it.each(['the chain', 'chain', 'chained.task', 'chain.closed', 'Completed'])('are not seen in %j', (text) => {
    expect(spell('libs/stage/a.ts', text)).toEqual([]);
  });
});

describe('packages', () => {
  const manifest = { dependencies: { zod: '4', '@scope/a': '1' }, devDependencies: { vitest: '5' } };
  const undeclared = (path: string, specifier: string) =>
    undeclaredPackages([sourceFile(path, `import '${specifier}';`)], manifest);

  it.each([
    ['libs/a/a.ts', 'zod'],
    ['libs/a/a.ts', 'zod/v4'],
    ['libs/a/a.ts', '@scope/a/part'],
    ['libs/a/a.ts', 'node:fs'],
    ['libs/a/a.test.ts', 'vitest'],
    ['test/a.ts', 'vitest'],
  ])('let %s import %s', (path, specifier) => {
    expect(undeclared(path, specifier)).toEqual([]);
  });

  it('forbid what a user would not get', () => {
    expect(undeclared('libs/a/a.ts', 'vitest/config')).toEqual([
      'libs/a/a.ts:1 imports vitest, which package.json does not list for users',
    ]);
    expect(undeclared('test/a.ts', '@scope/b')).toEqual([
      'test/a.ts:1 imports @scope/b, which package.json does not list',
    ]);
  });
});

describe('labels', () => {
  const page = sourceFile(LABELS_PAGE, '| I1 | it holds | x |\n| I2 | and this | x |\n');
  const citing = (path: string, text: string) =>
    citationsIn(sourceFile(path, text)).map(({ label, line }) => `${label}:${line}`);

  it('that are cited and not defined are found, and those that no test cites', () => {
    const test = sourceFile('libs/a/a.test.ts', `it('I1: holds', () => {});`);
    expect(labelViolations([page, test, sourceFile('libs/a/a.ts', '// as I1 and I3 say')])).toEqual([
      `libs/a/a.ts:1 cites I3, which ${LABELS_PAGE} does not define`,
      `${LABELS_PAGE} defines I2, which no test cites`,
    ]);
    expect(labelViolations([page, test, sourceFile('test/b.ts', '// I1, I2')])).toEqual([]);
  });

  it('are cited in comments, in titles of tests, and where a text begins with one', () => {
    expect(citing('a.ts', `\n/** Holds I3 (and P1). */\nconst a = 'F9'; // F10`)).toEqual(['I3:2', 'P1:2', 'F10:3']);
    expect(citing('a.test.ts', `it('of B39–B41 and (X5)', () => { say(\`I5 \${a} opened\`); });`)).toEqual([
      ...['B39:1', 'B40:1', 'B41:1', 'X5:1'],
      'I5:1',
    ]);
  });

  it('are cited in prose of Markdown, in comments of Lua and in heads of patches, and not in their code', () => {
    expect(citing('a.md', 'I3, `I4`\n```\nI5\n```\nI6.\n')).toEqual(['I3:1', 'I6:5']);
    expect(citing('a.lua', `local I4 = 1 -- I3 holds`)).toEqual(['I3:1']);
    expect(citing('a.patch', 'invariant: I2, and P5\n\n--- a/x\n+++ b/x\n+I7')).toEqual(['I2:1', 'P5:1']);
  });

  it.each(['macro_F1', 'X509', 'I18N', 'the %B4 of it', 'B2B', 'F1-score', 'a/I3.ts', 'V8', 'P0'])(
    'are none in %j',
    (text) => {
      expect(citing('a.md', text)).toEqual([]);
    },
  );
});

describe('single files', () => {
  const one = (path: string, text: string) => [sourceFile(path, text)];
  const read = ['process', 'env'].join('.');

  it('reads of the environment are found', () => {
    expect(environmentReads(one('test/a.ts', `const a = ${read}.HOME;`))).toEqual([
      'test/a.ts:1 reads the environment: only libs/config/environment.ts may',
    ]);
    expect(environmentReads(one('libs/a/a.ts', `process['env']`))).toHaveLength(1);
    expect(environmentReads(one('libs/a/a.ts', `// ${read}\nprocess.argv`))).toEqual([]);
    expect(environmentReads(one('libs/config/environment.ts', read))).toEqual([]);
  });

  it('default exports are found outside what users write', () => {
    expect(defaultExports(one('libs/a/a.ts', 'export default 1'))).toEqual(['libs/a/a.ts has a default export']);
    for (const path of ['examples/shop/shop.ts', 'test/fixtures/modules/a.ts', 'vitest.config.ts']) {
      expect(defaultExports(one(path, 'export default 1'))).toEqual([]);
    }
  });

  it('names that say nothing are found', () => {
    const named = ['libs/utils/a.ts', 'libs/a/types.ts', 'libs/a/helpers.test.ts', 'docs/common/x.md'];
    expect(bucketNames(named.map((path) => sourceFile(path, '')))).toHaveLength(named.length);
    expect(bucketNames(one('libs/a/common-ground.ts', ''))).toEqual([]);
  });

  it('names that are not in kebab case are found', () => {
    expect(
      oddFileNames(['libs/a/aB.ts', 'libs/a/a_b.ts', 'libs/a/A.ts'].map((path) => sourceFile(path, ''))),
    ).toHaveLength(3);
    expect(oddFileNames(['libs/a/a-b2.system.test.ts', 'x.ts'].map((path) => sourceFile(path, '')))).toEqual([]);
  });

  it('hosts of registries are found in any file', () => {
    const host = ['registry', 'npmjs', 'org'].join('.');
    expect(registryHosts(one('README.md', `see https://${host}/x`))).toEqual([`README.md names the registry ${host}`]);
  });

  it('what is put off is found', () => {
    expect(putOff(one('libs/a/a.ts', `// ${['TO', 'DO'].join('')}: later`))).toEqual([
      'libs/a/a.ts:1 puts something off',
    ]);
    expect(putOff(one('libs/a/a.ts', '// all done'))).toEqual([]);
  });
});

describe('circles', () => {
  const file = (path: string, ...targets: readonly string[]) =>
    sourceFile(path, targets.map((target) => `import type { A } from './${target}';`).join('\n'));

  it('are found, also of types, and also through several files', () => {
    const files = [file('libs/a/a.ts', 'b.ts'), file('libs/a/b.ts', 'c.ts'), file('libs/a/c.ts', 'a.ts')];
    expect(importCircles(files)).toEqual(['libs/a/a.ts libs/a/b.ts libs/a/c.ts import each other in a circle']);
    expect(importCircles([...files, file('libs/b/x.ts', 'y.ts'), file('libs/b/y.ts', 'x.ts')])).toHaveLength(2);
  });

  it('are not seen where files only share what they import', () => {
    const files = [file('libs/a/a.ts', 'b.ts', 'c.ts'), file('libs/a/b.ts', 'c.ts'), file('libs/a/c.ts')];
    expect(importCircles(files)).toEqual([]);
  });
});

describe('page code in the main thread', () => {
  const inMain = (...files: readonly (readonly [string, string])[]) =>
    pageCodeInMainThread(files.map(([path, text]) => sourceFile(path, text)));

  it('is found, with the imports that lead there', () => {
    const entry = ['services/serve.ts', "import { a } from '../libs/a/a.ts';"] as const;
    const page = ['libs/modules/page/page.ts', ''] as const;
    expect(inMain(entry, page, ['libs/a/a.ts', "import { p } from '../modules/page/page.ts';"])).toEqual([
      'services/serve.ts → libs/a/a.ts → libs/modules/page/page.ts',
    ]);
    expect(inMain(entry, ['libs/a/a.ts', "await import('cheerio');"])).toEqual([
      'services/serve.ts → libs/a/a.ts → cheerio',
    ]);
  });

  it('is no types, and not what a worker loads', () => {
    const worker = ['libs/workers/worker-main.ts', "import { load } from 'cheerio';"] as const;
    expect(inMain(worker, ['services/serve.ts', "import type { CheerioAPI } from 'cheerio';"])).toEqual([]);
  });
});

describe('the shape of services', () => {
  it('name what a service lacks, and a service that nobody named', () => {
    const complete = SERVICES.flatMap((service) => SHAPE.map((name) => sourceFile(`services/${service}/${name}`, '')));
    expect(shapeViolations(complete)).toEqual([]);
    expect(shapeViolations([...complete.slice(1), sourceFile('services/extra/a.ts', '')])).toEqual([
      'services/ingress/README.md is missing',
      'services/extra is no service',
    ]);
  });
});

describe('links in Markdown', () => {
  const there = new Set(['README.md', 'docs', 'docs/a.md', 'docs/b.md', 'libs/a.ts']);
  const broken = (text: string) =>
    brokenLinks(
      [sourceFile('docs/a.md', text), sourceFile('docs/b.md', '# The `b` of [it](a.md), in 1.0\n## Twice\n## Twice')],
      (path) => there.has(path.replace(/\/$/, '')),
    );

  it.each([
    '[b](b.md)',
    '[b](./b.md "title") ![image](../libs/a.ts)',
    '[folder](../docs/)',
    '[heading](b.md#the-b-of-it-in-10) [again](b.md#twice-1)',
    '# Own\n[own](#own)',
    '[elsewhere](https://example.test/x.md#y), <a href="mailto:a@example.test">b</a>',
    '`[code](gone.md)` and ``[`code`](gone.md)``',
    '```md\n[code](gone.md)\n```',
    '[b]: b.md',
  ])('may be %j', (text) => {
    expect(broken(text)).toEqual([]);
  });

  it.each([
    ['\n[x](gone.md)', 'docs/a.md:2 links to gone.md: there is no such file or folder'],
    ['[`x`](../docs/gone/)', 'docs/a.md:1 links to ../docs/gone/: there is no such file or folder'],
    ['[x](b.md#gone)', 'docs/a.md:1 links to b.md#gone: there is no such heading'],
    ['# Here\n[x](#there)', 'docs/a.md:2 links to #there: there is no such heading'],
    ['[x](../libs/a.ts#L3)', 'docs/a.md:1 links to ../libs/a.ts#L3: only a Markdown page has headings'],
    ['[x](../../other.md)', 'docs/a.md:1 links to ../../other.md: it leaves the repository'],
    ['[x](/docs/b.md)', 'docs/a.md:1 links to /docs/b.md: a link begins at its own page'],
    ['```\n```\n[x]: gone.md', 'docs/a.md:3 links to gone.md: there is no such file or folder'],
    ['<img src="gone.svg">', 'docs/a.md:1 links to gone.svg: there is no such file or folder'],
    ['[good](b.md) [x](gone.md "title")', 'docs/a.md:1 links to gone.md: there is no such file or folder'],
  ])('are found to be broken in %j', (text, violation) => {
    expect(broken(text)).toEqual([violation]);
  });

  it('know the anchors that headings have', () => {
    expect(anchorsOf('# Größe: `a_b` & c!\n```\n# no\n```\n<a id="x"></a>')).toEqual(new Set(['größe-a_b--c', 'x']));
  });
});

describe('words of the glossary', () => {
  const file = (text: string, path = 'libs/a/a.ts') => oldWords([sourceFile(path, text)]);

  it.each([
    '// its bell was rung',
    '/** A ringing of a node. */',
    "const a = 'the ground did not answer';",
    '// the cookie shelf',
  ])('are missed in %s', (line) => {
    expect(file(line)).not.toEqual([]);
  });

  it('are not missed where a name of the wire is written, in decisions, and in other meanings', () => {
    expect(file('// `run_settle` closes; the foreground; a string')).toEqual([]);
    expect(file('a bell', 'docs/adr/0001-a.md')).toEqual([]);
  });
});

describe('pointers', () => {
  const broken = (path: string, text: string) =>
    brokenPointers([sourceFile(path, text), sourceFile('libs/a/there.ts', '')], (asked) => asked === 'libs/a/there.ts');

  it.each([
    ['README.md', 'see `libs/a/there.ts` and `there.ts`, `services/<name>/main.ts`, `lua/limits/*.lua`'],
    ['libs/a/a.ts', '/** As `there.ts`; also libs/a/there.ts. */'],
    ['libs/a/a.ts', "const a = 'libs/a/gone.ts';"],
    ['docs/adr/0001-a.md', '`libs/a/gone.ts`'],
  ])('may lead to what is there: %s: %s', (path, text) => {
    expect(broken(path, text)).toEqual([]);
  });

  it.each([
    ['README.md', 'see `libs/a/gone.ts`'],
    ['libs/a/README.md', 'see `gone.ts`'],
    ['libs/a/a.ts', '// twin of libs/a/gone.ts'],
    ['libs/a/a.ts', '/** As `gone.ts`. */'],
    ['lua/a.lua', '-- as libs/a/gone.ts'],
  ])('lead nowhere: %s: %s', (path, text) => {
    expect(broken(path, text)).toHaveLength(1);
  });
});
