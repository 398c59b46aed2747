/** Reads numbers as people write them: with the separators of a locale, currencies, full-width digits, 万 and 亿. */
import { CatenaError } from '../../errors/catena-error.ts';

const DEFAULT_LOCALE = 'en';
/** Longer texts are no numbers, and are not searched for one. */
const MAX_CHARS = 100;
const EXCERPT_CHARS = 60;
/** A double holds every decimal number of so many digits. */
const MAX_DIGITS = 15;

/** What stands beside an amount of money besides the signs of Unicode and the codes of ISO 4217. */
const CURRENCY_WORDS = new Set(
  'us a au ca c hk nt nz s sg r mx kr kč zł ft fr sfr rs rm rp lei din руб р грн лв тг 元 圆 圓 円 원 人民币 元整 块 dkk eur euro euros dollar dollars usd yuan rmb yen'.split(
    ' ',
  ),
);
/** Powers of ten of the units between which Chinese, Japanese and Korean count. */
const MYRIADS: Readonly<Record<string, number>> = { 万: 4, 萬: 4, 만: 4, 亿: 8, 億: 8, 억: 8, 兆: 12 };

/**
 * The number that a text is, with the separators of a locale (BCP 47; default `en`: `1,234.50`; `de`: `1.234,50`). A currency before or
 * behind it is left out; 万 and 亿 count as ten thousand and a hundred million. Throws `parse.not_a_number` for anything else: for words,
 * for separators that the locale uses otherwise, and for more digits than a number holds.
 */
export function readNumber(text: string, locale: string = DEFAULT_LOCALE): number {
  const form = formOf(locale);
  if (typeof text !== 'string') throw notANumber(String(text), locale, 'it is no text');
  if (text.length > MAX_CHARS) throw notANumber(text, locale, `it is longer than ${MAX_CHARS} characters`);
  const bare = withoutCurrency(plainDigits(text.normalize('NFKC'), form).trim());
  const [, sign = '', amount = ''] = /^([-+\u2212\u2013]?)\s*(.*)$/su.exec(bare) ?? [];
  const inner = withoutCurrency(amount).replace(/[.,][-\u2013\u2014]+$/u, '');
  const value = MYRIAD.test(inner) ? myriads(inner, form) : decimal(inner, form);
  if (typeof value === 'string') throw notANumber(text, locale, value);
  return sign === '' || sign === '+' || value === 0 ? value : -value;
}

const MYRIAD = new RegExp(`[${Object.keys(MYRIADS).join('')}]`, 'u');

/** How a locale writes numbers. */
interface NumberForm {
  /** Every sign that may separate groups. */
  readonly group: ReadonlySet<string>;
  readonly decimal: string;
  /** The locale's own digits, if they are not those of ASCII. */
  readonly digits: ReadonlyMap<string, string>;
}

const forms = new Map<string, NumberForm>();

function formOf(locale: string): NumberForm {
  const known = forms.get(locale);
  if (known !== undefined) return known;
  let format: Intl.NumberFormat;
  try {
    format = new Intl.NumberFormat(locale);
  } catch (thrown) {
    throw new CatenaError('module.wrong_argument', `number() got the locale ${JSON.stringify(locale)}, which is none`, {
      cause: thrown,
      remedy: 'give a language tag such as "en", "de" or "fr-CH"',
    });
  }
  const parts = format.formatToParts(-12_345_678.9);
  const group = parts.find(({ type }) => type === 'group')?.value ?? '';
  const decimalSign = parts.find(({ type }) => type === 'decimal')?.value ?? '.';
  const own = [...new Intl.NumberFormat(locale, { useGrouping: false }).format(9_876_543_210)].reverse();
  const form: NumberForm = {
    group: new Set(/\s/u.test(group) ? [' '] : /['\u2019]/u.test(group) ? ["'", '\u2019'] : [group]),
    decimal: decimalSign,
    digits: new Map(own[0] === '0' ? [] : own.map((digit, value) => [digit, String(value)])),
  };
  if (forms.size < 1_000) forms.set(locale, form);
  return form;
}

function plainDigits(text: string, { digits }: NumberForm): string {
  const ascii = digits.size === 0 ? text : [...text].map((sign) => digits.get(sign) ?? sign).join('');
  // Marks of direction have no meaning here, and all spaces are alike.
  return ascii.replace(/[\u200e\u200f\u061c\u200b]/gu, '').replace(/\s/gu, ' ');
}

function withoutCurrency(text: string): string {
  return withoutTail(withoutHead(text));
}

function withoutHead(text: string): string {
  const head = /^([\p{L}\p{Sc}.\s]*?)(?=[-+\u2212\u2013]?[\d.,]?\d)/u.exec(text)?.[1] ?? '';
  return isCurrency(head) ? text.slice(head.length).trimStart() : text;
}

function withoutTail(text: string): string {
  const tail = /[\p{L}\p{Sc}.\s]*$/u.exec(text)?.[0] ?? '';
  const from = [...tail].findIndex((sign) => !(sign in MYRIADS));
  const words = from < 0 ? '' : [...tail].slice(from).join('');
  return isCurrency(words) ? text.slice(0, text.length - words.length).trimEnd() : text;
}

let codes: ReadonlySet<string> | undefined;

function isCurrency(words: string): boolean {
  if (!/[\p{L}\p{Sc}]/u.test(words)) return words.trim() === '';
  codes ??= new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));
  const parts = words
    .toLowerCase()
    .replace(/\p{Sc}/gu, ' ')
    .split(/[\s.]+/u);
  return parts.every((part) => part === '' || CURRENCY_WORDS.has(part) || codes?.has(part));
}

/** A number without sign and currency, or what is wrong with it. */
function decimal(text: string, form: NumberForm): number | string {
  const digits = digitsOf(text, form);
  return digits === undefined ? 'it is no number' : exact(digits);
}

/** Digits with at most one point, without groups; undefined for what the locale would not write. */
function digitsOf(text: string, { group, decimal: point }: NumberForm): string | undefined {
  const at = text.indexOf(point);
  const whole = at < 0 ? text : text.slice(0, at);
  const fraction = at < 0 ? '' : text.slice(at + point.length);
  if (!/^\d*$/u.test(fraction) || (at >= 0 && fraction === '')) return undefined;
  const groups = splitBy(whole, group);
  // Groups have three digits; in India those before the last have two.
  const isGrouped = groups.every((digits, place) =>
    (place === 0 ? /^\d{1,3}$/u : place === groups.length - 1 ? /^\d{3}$/u : /^\d{2,3}$/u).test(digits),
  );
  const isPlain = groups.length === 1 && /^\d*$/u.test(whole) && (whole !== '' || fraction !== '');
  if (!isPlain && !(groups.length > 1 && isGrouped)) return undefined;
  return fraction === '' ? groups.join('') : `${groups.join('') || '0'}.${fraction}`;
}

function splitBy(text: string, separators: ReadonlySet<string>): string[] {
  const parts = [''];
  for (const sign of text) {
    if (separators.has(sign)) parts.push('');
    else parts[parts.length - 1] += sign;
  }
  return parts;
}

/** `3亿2000万`: the larger unit first, each with its own number. */
function myriads(text: string, form: NumberForm): number | string {
  let value = 0;
  let least = Number.POSITIVE_INFINITY;
  let digits = '';
  for (const sign of text.replace(/\s/gu, '')) {
    const power = MYRIADS[sign];
    if (power === undefined) {
      digits += sign;
      continue;
    }
    const part = digitsOf(digits, form);
    if (part === undefined || power >= least) return 'it is no number';
    value += Number(`${part}e${power}`);
    least = power;
    digits = '';
  }
  if (digits === '') return exact(String(value));
  const rest = digitsOf(digits, form);
  return rest === undefined ? 'it is no number' : exact(String(value + Number(rest)));
}

function exact(digits: string): number | string {
  const value = Number(digits);
  const significant = digits.replace('.', '').replace(/^0+/u, '').length;
  const isExact = digits.includes('.') ? significant <= MAX_DIGITS : Number.isSafeInteger(value);
  return isExact ? value : 'it has more digits than a number holds';
}

function notANumber(text: string, locale: string, why: string): CatenaError {
  const excerpt = text.length <= EXCERPT_CHARS ? text : `${text.slice(0, EXCERPT_CHARS)}…`;
  return new CatenaError('parse.not_a_number', `${JSON.stringify(excerpt)} cannot be read as a number: ${why}`, {
    class: 'retryable',
    data: { text: excerpt, locale },
    remedy: `give the locale that the page writes numbers in (this was "${locale}"), or read the text and convert it yourself`,
  });
}
