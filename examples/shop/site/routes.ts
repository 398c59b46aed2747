/** Which path is which page. */
import type { Catalogue } from './catalogue.ts';
import { renderHome, renderList, renderProduct } from './pages.ts';

/** The HTML of a path, or undefined when there is no such page. */
export function renderPage(catalogue: Catalogue, path: string): string | undefined {
  if (path === '/') return renderHome(catalogue);
  const list = /^\/catalogue\/([1-9]\d*)$/.exec(path)?.[1];
  if (list !== undefined) return Number(list) <= catalogue.pageCount ? renderList(catalogue, Number(list)) : undefined;
  const sku = /^\/product\/([A-Z]{3}-\d{6,})$/.exec(path)?.[1];
  const index = sku === undefined ? undefined : catalogue.indexOf(sku);
  return index === undefined ? undefined : renderProduct(catalogue, index);
}

/** How many pages a shop has: the front page, the lists and the products. */
export function pageTotal(catalogue: Catalogue): number {
  return 1 + catalogue.pageCount + catalogue.size;
}
