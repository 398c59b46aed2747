/** The rules of the house, held over the whole repository. The rules themselves are tested in `architecture/`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importCircles } from './architecture/circles.ts';
import { enginesExtensions, privateImports } from './architecture/extensions.ts';
import { importsIn } from './architecture/imports.ts';
import { labelViolations } from './architecture/labels.ts';
import { LIBS, layerViolations } from './architecture/layers.ts';
import { brokenLinks } from './architecture/links.ts';
import { pageCodeInMainThread } from './architecture/main-thread.ts';
import {
  bucketNames,
  environmentReads,
  oddFileNames,
  putOff,
  registryHosts,
  spelledNames,
} from './architecture/names.ts';
import { type Manifest, undeclaredPackages } from './architecture/packages.ts';
import { brokenPointers } from './architecture/pointers.ts';
import { defaultExports, shapeViolations } from './architecture/shape.ts';
import { isProduct, isTest, isTypeScript, readSourceTree } from './architecture/source-tree.ts';
import { oldWords, unwatchedRows } from './architecture/words.ts';

const ROOT = join(import.meta.dirname, '..');
const files = readSourceTree(ROOT);
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

describe('the search', () => {
  it('sees the repository: nothing below passes for want of files', () => {
    expect(files.filter(isProduct).length).toBeGreaterThan(80);
    expect(files.filter(isTest).length).toBeGreaterThan(30);
    for (const lib of LIBS.filter((name) => files.some(({ path }) => path.startsWith(`libs/${name}/`)))) {
      expect(
        files.filter(isProduct).some(({ path }) => path.startsWith(`libs/${lib}/`)),
        lib,
      ).toBe(true);
    }
    for (const home of [
      'libs/keys/keys.ts',
      'libs/contracts/subjects.ts',
      'libs/contracts/events.ts',
      'libs/telemetry/metric-names.ts',
      'libs/config/environment.ts',
    ]) {
      expect(files.map(({ path }) => path)).toContain(home);
    }
  });

  it('sees imports in nearly every file of the product', () => {
    const product = files.filter(isProduct);
    const importing = product.filter(({ tokens }) => importsIn(tokens).length > 0);
    expect(importing.length).toBeGreaterThan(product.length * 0.7);
  });
});

describe('the repository', () => {
  it.each([
    ['imports only in the direction of the layers', layerViolations],
    ['knows extensions in one file of the engine', enginesExtensions],
    ['gives its own extension nothing that other authors cannot have', privateImports],
    ['spells each key, subject, metric and event in one file', spelledNames],
    ['imports only packages that are listed', (all: typeof files) => undeclaredPackages(all, manifest)],
    ['reads the environment in one file', environmentReads],
    ['has no circle of imports', importCircles],
    ['reads pages and runs modules in workers only', pageCodeInMainThread],
    ['says what the glossary says', oldWords],
    ['watches every word that the glossary has replaced', unwatchedRows],
    ['gives all five services the same shape', (all: typeof files) => shapeViolations(all)],
    ['has named exports only', defaultExports],
    ['names files after what they hold', bucketNames],
    ['names files in kebab case', oddFileNames],
    ['names no package registry', registryHosts],
    ['puts nothing off', putOff],
    ['cites labels that are defined, and has a test for each that is', labelViolations],
    ['points to what exists', (all: typeof files) => brokenPointers(all, (path) => existsSync(join(ROOT, path)))],
    ['links to what exists', (all: typeof files) => brokenLinks(all, (path) => existsSync(join(ROOT, path)))],
  ])('%s', (_rule, violationsIn) => {
    expect(violationsIn(files)).toEqual([]);
  });

  it('has no TypeScript outside its known folders', () => {
    const homeless = files
      .filter(isTypeScript)
      .filter(({ path }) => !/^(?:libs|services|test|examples)\/|^[\w.-]+$/.test(path));
    expect(homeless.map(({ path }) => path)).toEqual([]);
  });
});
