/** `npm run bench:sizes`: what workers cost for each page, beside the main thread, by the size of the page. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Measured } from './child.ts';
import type { Place } from './contestants/bench-modules.ts';
import type { SizedJob } from './contestants/sized-crawl.ts';
import { machine } from './machine.ts';
import { median, medianRatio } from './medians.ts';
import { runCommand, whole } from './options.ts';
import { writeSection } from './page.ts';
import { type Play, playRounds, type Sample, toSample } from './rounds.ts';
import { runChild } from './run-child.ts';
import { withScratchFolder } from './scratch.ts';
import { sampleLine } from './speed-tables.ts';
import { figure, mebibytes, table } from './table.ts';

const KIB = 1_024;
/** Fewer of the large ones: a round takes seconds. */
const SIZES = [
  { name: '2 KiB', bytes: 2 * KIB, pages: 6_000 },
  { name: '20 KiB', bytes: 20 * KIB, pages: 3_000 },
  { name: '1 MiB', bytes: 1_024 * KIB, pages: 100 },
] as const;
const PLACES: readonly { readonly id: Place; readonly name: string }[] = [
  { id: 'inline', name: 'main thread' },
  { id: 'workers', name: 'workers' },
];

const usage = `npm run bench:sizes -- [options]
Crawls pages of 2 KiB, 20 KiB and 1 MiB with the code of the module in workers and in the main thread, in turn, and compares the
CPU time of a page. A whole run writes docs/benchmarks/engine.md.

  --rounds N     default 5
  --no-write     leave docs/benchmarks/engine.md as it is`;

const options = {
  rounds: { type: 'string', default: '5' },
  'no-write': { type: 'boolean', default: false },
} as const;

await runCommand(usage, options, async (values) => {
  const rounds = whole('rounds', values.rounds);
  const rows: string[][] = [];
  await withScratchFolder(async (scratch) => {
    for (const { name, bytes, pages } of SIZES) {
      const site = await startSizedSite(bytes);
      try {
        const play: Play = { rounds, scratch, onSample: (...sample) => console.log(name, sampleLine(...sample)) };
        const samples = await playRounds(PLACES, play, ({ id }, folder) =>
          crawl({ base: site.url, pages, place: id }, folder),
        );
        const inline = samples.get('inline')!;
        for (const place of PLACES) rows.push(rowOf(name, place.name, samples.get(place.id)!, inline));
      } finally {
        site.stop();
      }
    }
  });
  const header = 'page|code runs in|pages/s|CPU ms/page|× main thread (CPU)|peak RSS MiB';
  const text = `Measured on ${machine()}, ${rounds} rounds.\n\n${table(header.split('|'), rows)}`;
  console.log(`\n${text}`);
  if (!values['no-write']) writeSection('sizes', text);
  return true;
});

async function crawl(job: SizedJob, folder: string): Promise<Sample> {
  const measured = await runChild<Measured<number>>({ script: 'contestants/sized-crawl.ts', job, folder });
  if (measured.result !== job.pages) throw new Error(`${measured.result} items of ${job.pages} pages`);
  return toSample(measured, job.pages);
}

function rowOf(size: string, place: string, samples: readonly Sample[], inline: readonly Sample[]): string[] {
  const cpuMs = (of: readonly Sample[]): number[] => of.map(({ cpuSeconds, units }) => (cpuSeconds / units) * 1_000);
  return [
    size,
    place,
    figure(median(samples.map(({ unitsPerSecond }) => unitsPerSecond))),
    figure(median(cpuMs(samples)), 2),
    figure(medianRatio(cpuMs(samples), cpuMs(inline)), 2),
    mebibytes(median(samples.map(({ peakRssBytes }) => peakRssBytes))),
  ];
}

/** Every page is the same: what is compared is how it is read. */
async function startSizedSite(bytes: number): Promise<{ readonly url: string; stop(): void }> {
  const row =
    '<tr class="row"><td>a part of the page</td><td><a href="/other">that nobody</a></td><td>reads</td></tr>\n';
  const head = '<!doctype html><title>one of many</title><h1>one of many</h1><b class="price">12</b><table>';
  const rows = row.repeat(Math.max(0, Math.round((bytes - head.length) / row.length)));
  const body = Buffer.from(`${head}${rows}</table>`);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': body.length });
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
