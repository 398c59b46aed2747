/**
 * The outer world of the benchmark in a process of its own: `node world-process.ts OPTIONS`, with a script's options as
 * JSON. Prints where its models and its pages are, and ends when its standard input does.
 */
import { startPages } from '../../brand-flow/pages.ts';
import { startModelServer } from './model-server.ts';
import type { ScriptOptions } from './script.ts';

const options = JSON.parse(process.argv[2] ?? '') as ScriptOptions;
const models = await startModelServer(options);
const pages = await startPages(options.brands.slice(0, 2).join(' 与 '));
process.stdout.write(`${JSON.stringify({ baseUrl: models.baseUrl, pagesUrl: pages.origin })}\n`);
// The answers that nobody waits for any more would keep it alive.
process.stdin.resume().on('end', () => process.exit(0));
