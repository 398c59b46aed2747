/**
 * The shop's HTML: pages of the size and the clutter of a real shop (8–15 KB), of which a collector needs a few lines.
 * Everything is a pure function of the catalogue.
 */
import type { Catalogue, Product } from './catalogue.ts';
import { escapeHtml as esc, pageFrame } from './frame.ts';
import { Dice } from './random.ts';
import { categories, reviewSentences } from './words.ts';

/** The path of a product's page. */
export function productPath(sku: string): string {
  return `/product/${sku}`;
}

/** The path of a list page; the first is 1. */
export function listPath(page: number): string {
  return `/catalogue/${page}`;
}

/** The page with every product of one list page, and the links to its neighbours. */
export function renderList(catalogue: Catalogue, page: number): string {
  const products = catalogue.productsOn(page);
  const cards = products.map((product) => card(product, 'card')).join('\n');
  const links: string[] = [];
  if (page > 1) links.push(`<a rel="prev" href="${listPath(page - 1)}">Previous</a>`);
  if (page < catalogue.pageCount) links.push(`<a rel="next" href="${listPath(page + 1)}">Next</a>`);
  return pageFrame(
    `All products, page ${page}`,
    `<section class="listing">
<h1>All products</h1>
<p class="summary">Page ${page} of ${catalogue.pageCount}, ${catalogue.size} products</p>
<div class="grid" data-count="${products.length}">
${cards}
</div>
<nav class="pagination">${links.join(' ')}</nav>
</section>
${reviews(`${catalogue.seed}/list/${page}`)}`,
  );
}

/** The page of one product, by its place in the catalogue. */
export function renderProduct(catalogue: Catalogue, index: number): string {
  const product = catalogue.productAt(index);
  const list = listPath(Math.floor(index / catalogue.pageSize) + 1);
  return pageFrame(
    product.title,
    `<ol class="breadcrumb"><li><a href="/">Home</a></li><li><a href="${list}">All products</a></li></ol>
<article class="product" data-sku="${product.sku}">
<h1 class="title">${esc(product.title)}</h1>
<p class="category"><a href="${list}">${esc(product.category)}</a></p>
${rating(product)}
<p class="price" data-currency="${product.currency}">${money(product.price)}</p>
<p class="stock">${product.stock === 0 ? 'Sold out' : `In stock: ${product.stock}`}</p>
<div class="description"><p>${esc(product.description)}</p></div>
<form class="buy" method="post" action="/basket"><input type="hidden" name="sku" value="${product.sku}">
<label>Pieces <input type="number" name="pieces" value="1" min="1"></label><button>Add to basket</button></form>
</article>
${specification(product)}
${reviews(`${catalogue.seed}/reviews/${index}`)}
<aside class="related"><h2>Others also looked at</h2>
${catalogue
  .relatedTo(index, 8)
  .map((other) => card(other, 'mini'))
  .join('\n')}
</aside>`,
  );
}

/** The front page: a way in, and nothing to collect. */
export function renderHome(catalogue: Catalogue): string {
  const names = categories.map((category) => `<li>${esc(category.name)}</li>`).join('');
  return pageFrame(
    'A shop for trying things out',
    `<h1>Welcome</h1><p>${catalogue.size} products on <a href="${listPath(1)}">${catalogue.pageCount} pages</a>.</p>
<ul class="categories">${names}</ul>`,
  );
}

function card(product: Product, style: 'card' | 'mini'): string {
  return `<article class="${style}" data-sku="${product.sku}">
<a class="product-link" href="${productPath(product.sku)}"><img src="/images/${product.sku}-320.webp" alt="" width="320" height="240" loading="lazy"></a>
<h3><a href="${productPath(product.sku)}">${esc(product.title)}</a></h3>
<p class="teaser">${esc(product.category)} · <span class="teaser-price">${money(product.price)} ${product.currency}</span></p>
</article>`;
}

function rating(product: Product): string {
  if (product.rating === null) return '<p class="rating none">Not rated yet</p>';
  return `<p class="rating" data-rating="${product.rating.toFixed(1)}">${product.rating.toFixed(1)} of 5</p>`;
}

/** `1234.5` as `1,234.50`: a collector has to deal with the comma. */
function money(price: number): string {
  const [whole, cents] = price.toFixed(2).split('.');
  return `${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`;
}

function specification(product: Product): string {
  const dice = new Dice(`specification/${product.sku}`);
  const names = ['Width', 'Depth', 'Height', 'Weight', 'Parcels', 'Warranty', 'Spare parts until', 'Article number'];
  const rows = names.map((name) => `<tr><th scope="row">${name}</th><td>${dice.between(2, 240)}</td></tr>`);
  return `<section class="specification"><h2>Specification</h2><table>\n${rows.join('\n')}\n</table></section>`;
}

function reviews(place: string): string {
  const dice = new Dice(place);
  const count = dice.between(4, 10);
  const one = (): string => `<blockquote class="review" data-stars="${dice.between(1, 5)}">
<p>${esc(dice.pick(reviewSentences))} ${esc(dice.pick(reviewSentences))} ${esc(dice.pick(reviewSentences))}</p>
<footer class="review-by">Customer ${dice.between(1_000, 99_999)}, ${dice.between(1, 28)}/${dice.between(1, 12)}/2024</footer>
</blockquote>`;
  return `<section class="reviews"><h2>What customers say</h2>\n${Array.from({ length: count }, one).join('\n')}\n</section>`;
}
