/**
 * The folder of Debian's package `debian-handbook` as a web site on loopback. The package has no page that lists its
 * languages, so the site makes one.
 */
import { once } from 'node:events';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, sep } from 'node:path';

/** Where the Debian package puts the book. */
export const debianFolder = '/usr/share/doc/debian-handbook/html';

export interface HandbookSite {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  close(): Promise<void>;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.jpg': 'image/jpeg',
};

/** Serves a folder that holds a folder per language; throws Node's ENOENT when there is none. */
export async function startHandbookSite(options: { folder?: string; port?: number } = {}): Promise<HandbookSite> {
  const root = await realpath(options.folder ?? debianFolder);
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
    void answer(root, request.method ?? 'GET', request.url ?? '/', response);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The languages of a folder, sorted: its sub-folders that hold an index.html. */
export async function languagesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const found = await Promise.all(
    names.map(async (name) => ((await readdir(join(folder, name))).includes('index.html') ? [name] : [])),
  );
  return found.flat().sort();
}

/** The site's first page: a link per language. */
export function renderIndex(languages: readonly string[]): string {
  const entries = languages.map((name) => `<li><a href="/${name}/index.html" hreflang="${name}">${name}</a></li>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The Debian Administrator's Handbook</title></head>
<body><h1>Languages</h1><ul class="languages">
${entries.join('\n')}
</ul></body></html>
`;
}

async function answer(root: string, method: string, target: string, response: ServerResponse): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain', 'GET only\n');
  const path = target.split('?', 1)[0]!;
  if (path === '/robots.txt') return send(response, 200, 'text/plain', 'User-agent: *\nAllow: /\n');
  try {
    if (path === '/') return send(response, 200, contentTypes['.html']!, renderIndex(await languagesOf(root)));
    // The real path, so that neither dots nor a symbolic link lead out of the folder.
    const file = await realpath(join(root, decodeURIComponent(path)));
    const contentType = contentTypes[extname(file)];
    if (!file.startsWith(root + sep) || contentType === undefined) throw new Error('not a page of the book');
    send(response, 200, contentType, await readFile(file));
  } catch {
    // Whatever is wrong with a path (dots, a bad escape, a null byte, no such file): there is no such page.
    send(response, 404, 'text/plain', 'not found\n');
  }
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
