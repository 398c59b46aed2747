/** What stands around the content of every page of the shop: head, menu, footer. Built once per process. */
import { menuEntries } from './words.ts';

/** A whole page with this content in the middle. The footer comes last: a page without it is a truncated page. */
export function pageFrame(title: string, content: string): string {
  return `${head(title)}${header}<main id="content">\n${content}\n</main>\n${footer}`;
}

/** A text made safe inside an element or a double-quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => entities[sign]!);
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function head(title: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeHtml(title)} | Loopback Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/assets/shop.css">
<style>${style}</style>
</head>
`;
}

const style = ['header', 'main', 'footer', '.grid', '.card', '.mini', '.price', '.stock', '.reviews', '.specification']
  .map((selector, index) => `${selector}{margin:${index}px 0;padding:0 ${index * 2}px;line-height:1.${index}}`)
  .join('');

function menuColumn(heading: string, index: number): string {
  const links = menuEntries.map(
    (entry) => `<li class="menu-item"><a href="/pages/${index}/${slug(entry)}">${heading}: ${entry}</a></li>`,
  );
  return `<ul class="menu-column">\n${links.join('\n')}\n</ul>`;
}

function slug(text: string): string {
  return text.toLowerCase().replaceAll(' ', '-');
}

const header = `<body>
<header class="site-header">
<a class="logo" href="/">Loopback Shop</a>
<form class="search" action="/search"><input name="q" placeholder="Search"><button>Go</button></form>
<nav class="menu">
${['For the house', 'For the garden', 'For the workshop', 'For children'].map(menuColumn).join('\n')}
</nav>
</header>
`;

const footer = `<footer class="site-footer">
<nav class="footer-menu">
${['Help', 'About us'].map(menuColumn).join('\n')}
</nav>
<p class="imprint">Loopback Shop sells nothing: it exists on this machine only, for trying out collection tasks.</p>
</footer>
<script>document.documentElement.classList.add('ready');</script>
</body>
</html>
`;
