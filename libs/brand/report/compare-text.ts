/** A comparison as text for a terminal. */
import stringWidth from 'string-width';
import { padEnd, padStart } from '../../cli/terminal/format.ts';
import type { ComparedFigure, Comparison } from './compare.ts';
import { behind, differenceText, instant, valueText } from './numbers.ts';
import { plain } from './summary.ts';
import { WORDS_EN } from './words/words-en.ts';

export function comparisonText(comparison: Comparison): string {
  const { runs, questions, models, brands } = comparison;
  const lines = [
    ...runs.map(
      ({ runId, acceptedAtMs, calls, answered }, index) =>
        `${label(index)}  ${instant(acceptedAtMs)}  ${answered} of ${calls} calls answered  ${runId}`,
    ),
    `compared: ${questions.length} questions × ${models.length} models that all of them asked under the same prompt`,
    ...leftOutLines(comparison),
  ];
  if (questions.length === 0) return `${lines.join('\n')}\nnothing can be compared\n`;
  const head = ['', ...runs.map((_, index) => label(index)), 'difference', ''];
  for (const { brand, figures } of brands) {
    lines.push('', plain(brand), ...aligned([head, ...figures.map(figureCells)]));
  }
  lines.push(
    '',
    'difference: newest less oldest. Within noise: their 95 % intervals overlap, or two halves of one run differ as much.',
    'a range: answers that were cut off leave the value open. *: fewer than ten known answers, too thin to compare.',
  );
  return `${lines.join('\n')}\n`;
}

function figureCells({ name, scale, values, difference, withinNoise, tooThin }: ComparedFigure): string[] {
  const verdict = withinNoise === null ? 'cannot be told' : withinNoise ? 'within noise' : 'beyond noise';
  const cells = values.map((figure) => `${valueText(figure, scale)} (${behind(figure, scale)})`);
  return [WORDS_EN.figure[name], ...cells, differenceText(difference, scale), `${verdict}${tooThin ? ' *' : ''}`];
}

function leftOutLines({ leftOut }: Comparison): string[] {
  const said: readonly (readonly [string, readonly string[]])[] = [
    ['questions that only some runs asked', leftOut.questions],
    ['questions that were asked under different prompts', leftOut.otherPrompt],
    ['models that only some runs asked', leftOut.models],
    ['brands that only some runs looked for', leftOut.brands],
  ];
  const lines = said.flatMap(([what, names]) =>
    names.length === 0 ? [] : [`left out, ${what}: ${names.map(plain).join('; ')}`],
  );
  if (leftOut.otherNames.length === 0) return lines;
  return [...lines, `looked for as the newest run does, in all of them: ${leftOut.otherNames.map(plain).join('; ')}`];
}

/** Columns of equal width; the first one is text, the others end at the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => stringWidth(row[at] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, at) =>
        at === 0 || at === row.length - 1 ? padEnd(cell, widths[at] ?? 0) : padStart(cell, widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** A, B, C, … */
function label(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `#${index + 1}`;
}
