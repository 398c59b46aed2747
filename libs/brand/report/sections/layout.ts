/** The parts that sections are built of. */
import { type Content, html, type Markup } from '../html.ts';

export function section(id: string, title: string, content: Content): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>${content}</section>`;
}

export function note(text: Content): Markup {
  return html`<p class="note">${text}</p>`;
}

export interface Cell {
  readonly content: Content;
  /** Classes of the style sheet. */
  readonly tone?: string;
}

export interface Table {
  readonly caption: string;
  readonly head: readonly Content[];
  /** The first cell of each row is its heading. */
  readonly rows: readonly (readonly (Cell | Markup | string)[])[];
  readonly kind?: string;
}

/** A table that scrolls by itself where it is wider than the page. */
export function table({ caption, head, rows, kind = '' }: Table): Markup {
  const body = rows.map((cells) => {
    const drawn = cells.map((cell, index) => {
      const { content, tone = '' } = typeof cell === 'object' && 'content' in cell ? cell : { content: cell };
      return index === 0
        ? html`<th scope="row" class="${tone}">${content}</th>`
        : html`<td class="${tone}">${content}</td>`;
    });
    return html`<tr>${drawn}</tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="${kind}"><caption>${caption}</caption><thead><tr>${head.map(
    (cell) => html`<th scope="col">${cell}</th>`,
  )}</tr></thead><tbody>${body}</tbody></table></div>`;
}
