/** Markdown as the reference pages are made of it. */

/** What stands at the head of each page, so that nobody corrects it by hand. */
export function pageHead(title: string, source: string): string {
  return `# ${title}\n\n<!-- Made from ${source} by \`npm run generate\`: change that, not this page. -->\n`;
}

/** A table; cells are Markdown in one line each. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Text that is not to be read as Markdown; nothing when there is none. */
export function code(text: string): string {
  if (text === '') return '';
  const fence = text.includes('`') ? '``' : '`';
  return `${fence}${text}${fence}`;
}

function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|').trim();
}
