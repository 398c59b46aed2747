/**
 * The demo shop alone: `node examples/shop/site/main.ts --port 0 --faults`. Prints one line of JSON with its address and
 * runs until SIGTERM, SIGINT, or, when standard input is a pipe, until that ends: a harness that dies takes it along.
 */
import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { defaultCatalogue } from './catalogue.ts';
import { crashRunFaults } from './faults.ts';
import { pageTotal } from './routes.ts';
import { startShopSite } from './site.ts';

const usage = `usage: node examples/shop/site/main.ts [options]
  --port N          default 0: a free one
  --products N      default ${defaultCatalogue.products}
  --page-size N     products per list page, default ${defaultCatalogue.pageSize}
  --seed N          default ${defaultCatalogue.seed}
  --faults          the faults of the crash runs: 5 % 500s, 2 % timeouts, 2 % malformed, 2 % 429
  --retry-after-s N what a 429 asks for, default ${crashRunFaults.retryAfterS}
  --ledger FILE     append a line of JSON per request
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      products: { type: 'string', default: String(defaultCatalogue.products) },
      'page-size': { type: 'string', default: String(defaultCatalogue.pageSize) },
      seed: { type: 'string', default: String(defaultCatalogue.seed) },
      faults: { type: 'boolean', default: false },
      'retry-after-s': { type: 'string', default: String(crashRunFaults.retryAfterS) },
      ledger: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const site = await startShopSite({
    port: whole('port', values.port),
    products: whole('products', values.products),
    pageSize: whole('page-size', values['page-size']),
    seed: whole('seed', values.seed),
    faults: values.faults
      ? { ...crashRunFaults, retryAfterS: whole('retry-after-s', values['retry-after-s']) }
      : undefined,
    ledgerPath: values.ledger,
  });
  const line = {
    url: site.url,
    products: site.catalogue.size,
    pages: pageTotal(site.catalogue),
    faults: values.faults,
  };
  // Listening before the line is out: whoever reads it may stop the site at once.
  const stopped = toldToStop();
  process.stdout.write(`${JSON.stringify(line)}\n`);
  await stopped;
  await site.close();
}

function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.stdin.destroy();
      resolve();
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    // Started in the background by a shell, standard input is /dev/null and has ended already: only a pipe counts.
    const input = fstatSync(0);
    if (input.isFIFO() || input.isSocket()) process.stdin.resume().once('end', stop).once('close', stop);
  });
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value)) return value;
  throw new RangeError(`--${name} is "${text}": give a whole number`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
}
