import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

/** Size limits of a decoded body. */
export interface DecodeLimits {
  readonly maxBodyBytes: number;
  readonly maxDecompressionRatio: number;
  readonly decompressionFloorBytes: number;
}

/** Why a body could not be decoded. */
export type DecodeFault = 'too_large' | 'decompression_ratio' | 'bad_encoding';

export class DecodeError extends Error {
  readonly fault: DecodeFault;
  /** The limit that was exceeded, in bytes. */
  readonly limitBytes: number;

  constructor(fault: DecodeFault, limitBytes: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.fault = fault;
    this.limitBytes = limitBytes;
  }
}

interface Codec {
  /** Whether bytes may be of this coding, by how they begin; undefined: any bytes may. */
  readonly mayBe?: (body: Buffer) => boolean;
  readonly now: (body: Buffer, options: { readonly maxOutputLength: number }) => Buffer;
  readonly later: (body: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;
}

/** A frame may ask for a window of gigabytes; RFC 9659 allows 8 MiB over HTTP. */
const ZSTD_OPTIONS = { params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } };
const zstdLater = promisify(zlib.zstdDecompress);
const gzip: Codec = {
  mayBe: (body) => body[0] === 0x1f && (body[1] === 0x8b || body.length === 1),
  now: zlib.gunzipSync,
  later: promisify(zlib.gunzip),
};
const deflate: Codec = { now: zlib.inflateSync, later: promisify(zlib.inflate) };
const rawDeflate: Codec = { now: zlib.inflateRawSync, later: promisify(zlib.inflateRaw) };
const brotli: Codec = { now: zlib.brotliDecompressSync, later: promisify(zlib.brotliDecompress) };
const zstd: Codec = {
  // A frame, or one of the sixteen kinds of frames that are skipped.
  mayBe: (body) => {
    const magic = body.length < 4 ? undefined : body.readUInt32LE();
    return magic === undefined || magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5;
  },
  now: (body, options) => zlib.zstdDecompressSync(body, { ...ZSTD_OPTIONS, ...options }),
  later: (body, options) => zstdLater(body, { ...ZSTD_OPTIONS, ...options }),
};

export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

/** No honest server sends more layers than this. */
const MAX_CODINGS = 3;
/** Up to this size, decompressing at once is cheaper than using another thread. */
const ON_THE_SPOT_BYTES = 32 * 1024;

/**
 * Decodes a body's content codings, the last one first. An unknown coding is left as it is, as browsers do, because servers put
 * character sets and worse there. A body that is provably not of its coding is left as it is, too: something on its way has decoded
 * it and kept the header. Throws a {@link DecodeError}. Memory stays within the limits: the compressed size is known, and the
 * decompressor stops at the first byte above what that size allows.
 */
export async function decodeBody(
  sent: Buffer,
  contentEncoding: string,
  limits: DecodeLimits,
  makeRoom: MakeRoom = noRoomNeeded,
): Promise<Buffer> {
  const codings = codingsOf(contentEncoding);
  if (codings.length > MAX_CODINGS) {
    throw new DecodeError('bad_encoding', limits.maxBodyBytes, `${codings.length} content codings`);
  }
  const byRatio = Math.max(sent.length * limits.maxDecompressionRatio, limits.decompressionFloorBytes);
  const maxOutputLength = Math.max(1, Math.floor(Math.min(byRatio, limits.maxBodyBytes)));
  let body = sent;
  for (const coding of codings.reverse()) {
    const codec = codecOf(coding, body);
    if (codec === undefined || body.length === 0 || codec.mayBe?.(body) === false) break;
    try {
      body =
        body.length <= ON_THE_SPOT_BYTES
          ? codec.now(body, { maxOutputLength })
          : await decodeWithin(codec, body, maxOutputLength, makeRoom);
    } catch (thrown) {
      if (isOverrun(thrown)) {
        const overrun = byRatio < limits.maxBodyBytes ? 'decompression_ratio' : 'too_large';
        throw new DecodeError(overrun, maxOutputLength, thrown);
      }
      if (isText(body)) break;
      throw new DecodeError('bad_encoding', maxOutputLength, thrown);
    }
  }
  return body;
}

/** Resolves when there is room for so many bytes, the encoded body included. */
type MakeRoom = (bytes: number) => Promise<void>;

const noRoomNeeded: MakeRoom = () => Promise.resolve();

/** Bodies rarely grow by more; one that does is decoded again, with four times the room. */
const USUAL_RATIO = 8;
const LEAST_ROOM_BYTES = 1024 * 1024;

/** Decodes a body within the room that there is for it: the size is known only afterwards. */
async function decodeWithin(codec: Codec, body: Buffer, maxOutputLength: number, makeRoom: MakeRoom): Promise<Buffer> {
  let room = Math.min(maxOutputLength, Math.max(body.length * USUAL_RATIO, LEAST_ROOM_BYTES));
  for (;;) {
    await makeRoom(body.length + room);
    try {
      return await codec.later(body, { maxOutputLength: room });
    } catch (thrown) {
      if (!isOverrun(thrown) || room === maxOutputLength) throw thrown;
      room = Math.min(maxOutputLength, room * 4);
    }
  }
}

/** Bytes that are no text: compressed ones are full of them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are meant.
const NOT_TEXT = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;
/** Fewer bytes may look like text by chance. */
const LEAST_TEXT_BYTES = 4;

/** Whether bytes that could not be decoded are text: `br` and `deflate` have no mark to tell them by. */
function isText(body: Buffer): boolean {
  return body.length >= LEAST_TEXT_BYTES && isUtf8(body) && !NOT_TEXT.test(body.toString('latin1'));
}

function isOverrun(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
}

function codingsOf(contentEncoding: string): string[] {
  return contentEncoding
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
}

function codecOf(coding: string, body: Buffer): Codec | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return gzip;
    case 'deflate':
      // `deflate` means the zlib format, but some servers send a raw stream; its first byte never looks like a zlib header.
      return ((body[0] ?? 0) & 0x0f) === 8 ? deflate : rawDeflate;
    case 'br':
      return brotli;
    case 'zstd':
      return zstd;
    default:
      return undefined;
  }
}
