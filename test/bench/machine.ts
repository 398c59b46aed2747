/** On what was measured, in words; nothing that would name the machine. */
import { availableParallelism, totalmem } from 'node:os';
import { figure } from './table.ts';

export function machine(): string {
  const gibibytes = figure(totalmem() / 1_024 ** 3);
  const { node, sqlite } = process.versions;
  const place = `${availableParallelism()} cores, ${gibibytes} GiB, ${process.platform} ${process.arch}`;
  return `${place}, Node ${node}, SQLite ${sqlite}`;
}
