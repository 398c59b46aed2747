import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HandbookSite, startHandbookSite } from './site.ts';

let parent: string;
let site: HandbookSite;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'handbook-site-'));
  const folder = join(parent, 'html');
  await mkdir(join(folder, 'fr-FR'), { recursive: true });
  await mkdir(join(folder, 'en-US'));
  await mkdir(join(folder, 'no-book'));
  await mkdir(join(parent, 'html-other'));
  await writeFile(join(folder, 'fr-FR', 'index.html'), '<h1>Le cahier</h1>');
  await writeFile(join(folder, 'en-US', 'index.html'), '<h1>The handbook</h1>');
  await writeFile(join(folder, 'en-US', 'notes.txt'), 'not for the web');
  await writeFile(join(parent, 'secret.html'), 'secret');
  await writeFile(join(parent, 'html-other', 'secret.html'), 'secret');
  await symlink(join(parent, 'secret.html'), join(folder, 'en-US', 'link.html'));
  site = await startHandbookSite({ folder });
});

afterEach(async () => {
  await site.close();
  await site.close();
  await rm(parent, { recursive: true });
});

/** A request as it is, without the cleaning that a URL parser does to its path. */
async function rawStatus(path: string): Promise<string> {
  const socket = connect(Number(new URL(site.url).port), '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  await once(socket, 'close');
  expect(answer).not.toContain('secret');
  return answer.split(' ')[1] ?? '';
}

describe('the handbook site', () => {
  it('lists the languages that have a book, sorted', async () => {
    const html = await (await fetch(site.url)).text();
    expect([...html.matchAll(/href="([^"]+)"/g)].map((match) => match[1])).toEqual([
      '/en-US/index.html',
      '/fr-FR/index.html',
    ]);
  });

  it('serves a page with its type and lets robots in', async () => {
    const page = await fetch(`${site.url}/fr-FR/index.html?print=1`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toBe('<h1>Le cahier</h1>');
    expect(await (await fetch(`${site.url}/robots.txt`)).text()).toBe('User-agent: *\nAllow: /\n');
  });

  it.each([
    '/../secret.html',
    '/en-US/../../secret.html',
    '/%2e%2e/secret.html',
    '/en-US/%2e%2e%2f%2e%2e%2fsecret.html',
    '/../html-other/secret.html',
    '/en-US/link.html',
    '/en-US/notes.txt',
    '/en-US',
    '/en-US/missing.html',
    '/en-US/%00.html',
    '/%E0%A4%A',
  ])('does not serve %s', async (path) => {
    expect(await rawStatus(path)).toBe('404');
  });

  it('refuses a folder that is not there', async () => {
    await expect(startHandbookSite({ folder: join(parent, 'missing') })).rejects.toThrow(/ENOENT/);
  });
});
