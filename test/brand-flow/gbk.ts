/** Text in GBK: Node decodes it and does not encode it, so its table is read off the decoder. */
const FIRST_LEAD = 0x81;
const LAST_LEAD = 0xfe;
const FIRST_TRAIL = 0x40;

let table: ReadonlyMap<string, readonly [number, number]> | undefined;

function readTable(): ReadonlyMap<string, readonly [number, number]> {
  const decoder = new TextDecoder('gbk');
  const read = new Map<string, readonly [number, number]>();
  for (let lead = FIRST_LEAD; lead <= LAST_LEAD; lead += 1) {
    for (let trail = FIRST_TRAIL; trail <= LAST_LEAD; trail += 1) {
      const text = decoder.decode(Uint8Array.of(lead, trail));
      if ([...text].length === 1 && text !== '\uFFFD') read.set(text, [lead, trail]);
    }
  }
  return read;
}

/** Throws for a character that GBK does not have. */
export function toGbk(text: string): Buffer {
  table ??= readTable();
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const pair = code < 0x80 ? [code] : table.get(character);
    if (pair === undefined) throw new Error(`GBK has no ${JSON.stringify(character)}`);
    bytes.push(...pair);
  }
  return Buffer.from(bytes);
}
