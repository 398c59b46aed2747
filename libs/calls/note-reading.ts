/** Says in the log what an author cannot see in the items: that fields matched nothing, and that a page was too deep. */
import type { AuthorLog, Page } from '../modules/contract/definition.ts';

export function noteReading(log: AuthorLog, { fills, flattenedNodes }: Page): void {
  const empty = fills.filter(({ found }) => found === 0).map(({ field }) => field);
  if (empty.length > 0) log.debug('extract found nothing on the page for some fields', { fields: empty });
  if (flattenedNodes > 0) {
    log.info('the page nests deeper than 512 elements: what is below is read as siblings', { nodes: flattenedNodes });
  }
}
