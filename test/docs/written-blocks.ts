/** Blocks of code as files: written into a folder of the repository, so that `catena` and packages are found, and compiled. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { promisify } from 'node:util';
import type { CodeBlock } from './code-blocks.ts';

const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

export class WrittenBlocks {
  readonly #folder: string;

  constructor(blocks: readonly CodeBlock[]) {
    mkdirSync(join(ROOT, 'out'), { recursive: true });
    this.#folder = mkdtempSync(join(ROOT, 'out/docs-'));
    for (const block of blocks) {
      const file = this.fileOf(block);
      mkdirSync(dirname(file), { recursive: true });
      // Empty lines in front: an error has the line that it has in the document.
      writeFileSync(file, '\n'.repeat(block.line - 1) + withPaths(block, file));
    }
    const project = {
      extends: relative(this.#folder, join(ROOT, 'tsconfig.json')),
      // A block is a module of its own, also one that imports nothing.
      compilerOptions: { moduleDetection: 'force' },
      // Nothing else: what is extended includes all of the repository.
      include: [],
      files: blocks.map((block) => relative(this.#folder, this.fileOf(block))),
    };
    writeFileSync(join(this.#folder, 'tsconfig.json'), JSON.stringify(project));
  }

  fileOf({ path, line }: CodeBlock): string {
    return join(this.#folder, `${path}.${line}.ts`);
  }

  /** What the compiler says of all blocks in one program: `README.md:23:5 …`, one line each. */
  async typeErrors(): Promise<string[]> {
    const args = [TSC, '--project', join(this.#folder, 'tsconfig.json'), '--pretty', 'false'];
    const output = await promisify(execFile)(process.execPath, args, { cwd: this.#folder }).then(
      () => '',
      ({ stdout = '', stderr = '' }: { readonly stdout?: string; readonly stderr?: string }) => stdout + stderr,
    );
    return output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/^(.*)\.\d+\.ts\((\d+),(\d+)\): /, '$1:$2:$3 '));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A relative import means what stands beside the document. */
function withPaths({ path, text }: CodeBlock, file: string): string {
  return text.replace(/(\bfrom\s+|\bimport\s*\(?\s*)'(\.{1,2}\/[^']+)'/g, (_all, before: string, specifier: string) => {
    const target = relative(dirname(file), join(ROOT, posix.dirname(path), specifier)).replaceAll('\\', '/');
    return `${before}'${target}'`;
  });
}
