/** What golden bytes must hold: they decode to their message, the encoder writes them, and unknown fields survive a hop. */
import { describe, expect, it } from 'vitest';

interface Codec<Model> {
  encode(model: Model): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Model;
}

export interface Golden {
  readonly name: string;
  readonly hex: string;
  /** What the bytes say. */
  readonly message: object;
  readonly decode: (bytes: Buffer) => object;
  readonly encodeAgain: (bytes: Buffer) => Uint8Array;
  readonly encodeMessage: () => Uint8Array;
}

/** The bytes, in hexadecimal, and the message that they are. */
export function golden<Model extends object>(name: string, codec: Codec<Model>, hex: string, message: Model): Golden {
  return {
    name,
    hex,
    message,
    decode: (bytes) => codec.decode(bytes),
    encodeAgain: (bytes) => codec.encode(codec.decode(bytes)).finish(),
    encodeMessage: () => codec.encode(message).finish(),
  };
}

export function describeGolden(all: readonly Golden[]): void {
  describe.each(all)('golden bytes of $name', ({ hex, message, decode, encodeAgain, encodeMessage }) => {
    const bytes = Buffer.from(hex, 'hex');

    it('decode to what they say', () => {
      expect(decode(bytes)).toEqual(message);
    });

    it('are what the encoder writes', () => {
      expect(Buffer.from(encodeMessage()).toString('hex')).toBe(hex);
    });

    it('keep fields that this release does not know, whatever their wire type', () => {
      // Field 200 as varint, 201 as 64 bits, 202 as text, 203 as 32 bits.
      const unknown = Buffer.from(`c00c07c90c0102030405060708d20c026869dd0c01020304`, 'hex');
      const hopped = Buffer.from(encodeAgain(Buffer.concat([bytes, unknown])));
      expect(hopped.toString('hex')).toBe(hex + unknown.toString('hex'));
    });
  });
}
