/** Traditional Chinese characters as simplified ones, one for one, so that 華為 is 华为 and every offset stays what it is. */
import { createRequire } from 'node:module';

/** The dictionary alone: the package's converter is slower by far, and changes lengths. `traditional simplified`, between bars. */
const { default: pairs } = createRequire(import.meta.url)('opencc-js/dict/TSCharacters') as {
  readonly default: string;
};

const FIRST = 0x4e00;
const LAST = 0x9fff;

/** By UTF-16 unit; characters outside of the basic plane are rare, would change offsets, and stay as they are. */
const SIMPLE = new Uint16Array(LAST - FIRST + 1).map((_, index) => FIRST + index);
for (const pair of pairs.split('|')) {
  const [traditional = '', simple = ''] = pair.split(' ');
  const at = traditional.charCodeAt(0) - FIRST;
  if (traditional.length === 1 && simple.length === 1 && at >= 0 && at < SIMPLE.length)
    SIMPLE[at] = simple.charCodeAt(0);
}

const HAN = /[\u4e00-\u9fff]/g;

/** One character. */
export function simplifiedUnit(unit: number): number {
  return unit >= FIRST && unit <= LAST ? (SIMPLE[unit - FIRST] as number) : unit;
}

/** A text of the same length. */
export function simplified(text: string): string {
  return text.replace(HAN, (han) => String.fromCharCode(simplifiedUnit(han.charCodeAt(0))));
}
