/** `page.json`: JSON without losing digits. */

/** Texts without such a run of digits and without a large exponent hold no number that JSON.parse would change. */
const MAY_LOSE_DIGITS = /\d{16}|[eE]\+?\d{3}/;

/**
 * Parses JSON. An integer that a number cannot hold exactly, such as an id of nineteen digits, becomes a string of its digits, and so
 * does a number beyond the largest: what `--input` does with them too. Throws a SyntaxError.
 */
export function parseJson(text: string): unknown {
  return MAY_LOSE_DIGITS.test(text) ? (JSON.parse as Parse)(text, exactly) : JSON.parse(text);
}

/** With the source text of each number, which the declarations do not know yet. */
type Parse = (
  text: string,
  revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

function exactly(_key: string, value: unknown, { source = '' }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return !Number.isFinite(value) || /^-?\d+$/.test(source) ? source : value;
}
