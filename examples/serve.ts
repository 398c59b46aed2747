/** `npm run site -- NAME`: opens the site of a small example on loopback, until Ctrl-C. `--port N`; default 8080. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { parseArgs } from 'node:util';

/** Opens the site that stands in an example's `site.ts`. It has no robots.txt: everything may be asked. */
export async function serveSite(name: string, port: number): Promise<Server> {
  const file = new URL(`${name}/site.ts`, import.meta.url);
  const { site } = (await import(file.href)) as { site(): RequestListener };
  const answer = site();
  const server = createServer((request, response) => {
    if (request.url === '/robots.txt') response.writeHead(404).end();
    else answer(request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

if (import.meta.main) {
  const options = { port: { type: 'string', default: '8080' } } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  await serveSite(positionals[0] ?? '', Number(values.port));
  process.stdout.write(`The site of ${positionals[0]} is open on http://127.0.0.1:${values.port}; Ctrl-C ends it.\n`);
}
