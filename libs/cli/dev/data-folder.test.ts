import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataFolder } from './data-folder.ts';

let parent = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'catena-data-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const IS_ROOT = process.getuid?.() === 0;
const othersMay = (path: string): number => statSync(path).mode & 0o066;

describe('the data folder of catena dev', () => {
  it('is closed to others, a new one and one of an earlier version', async () => {
    const path = join(parent, '.catena/dev');
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
    for (let time = 0; time < 2; time += 1) {
      const folder = await openDataFolder(path, false);
      expect(othersMay(folder.path)).toBe(0);
      folder.release();
    }
  });

  it.runIf(IS_ROOT)('is refused if it belongs to another user, who could exchange its files', async () => {
    const path = join(parent, 'dev');
    mkdirSync(path);
    chownSync(path, 65_534, 65_534);
    await expect(openDataFolder(path, false)).rejects.toMatchObject({ code: 'servers.foreign_folder' });
    const link = join(parent, 'link');
    symlinkSync(path, link);
    await expect(openDataFolder(link, true)).rejects.toMatchObject({ code: 'servers.foreign_folder' });
    expect(statSync(path).mode & 0o777).toBe(0o755);
  });
});
