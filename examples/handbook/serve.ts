/** The book on loopback, by hand: `node examples/handbook/serve.ts [--port N] [--folder PATH]`; Ctrl-C ends it. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { debianFolder, startHandbookSite } from './site.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, folder: { type: 'string', default: debianFolder } },
});
try {
  const site = await startHandbookSite({ folder: values.folder, port: Number(values.port) });
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  process.stdout.write(`${JSON.stringify({ url: site.url })}\n`);
  await stopped;
  await site.close();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`cannot serve ${values.folder}: ${reason}\n`);
  process.stderr.write('install the Debian package debian-handbook, or name the folder of its pages with --folder\n');
  process.exitCode = 1;
}
