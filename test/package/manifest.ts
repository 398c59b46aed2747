/** The package's manifest: that of the repository, with what was built in place of the source. */

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

export interface PackageManifest extends Manifest {
  readonly type: 'module';
  readonly exports: Readonly<Record<string, unknown>>;
}

/** What only the repository needs stays behind: scripts, development packages, the mark that keeps it from being published. */
export function packageManifest(manifest: Manifest): PackageManifest {
  const { name, version, description, license, engines, dependencies, bin } = manifest;
  return {
    ...{ name, version, description, license },
    type: 'module',
    engines,
    bin,
    exports: {
      '.': { types: './libs/modules/index.d.ts', default: './libs/modules/index.js' },
      './extension': { types: './libs/extension/index.d.ts', default: './libs/extension/index.js' },
      './package.json': './package.json',
    },
    dependencies,
  };
}
