import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

/** What a decoded body may come to. */
export interface DecodeLimits {
  readonly maxBodyBytes: number;
  readonly maxDecompressionRatio: number;
  readonly decompressionFloorBytes: number;
}

/** Why a body could not be decoded. */
export type DecodeFault = 'too_large' | 'decompression_ratio' | 'bad_encoding';

export class DecodeError extends Error {
  readonly fault: DecodeFault;
  /** The size that was not to be exceeded, in bytes. */
  readonly limitBytes: number;

  constructor(fault: DecodeFault, limitBytes: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.fault = fault;
    this.limitBytes = limitBytes;
  }
}

interface Codec {
  readonly now: (body: Buffer, options: { readonly maxOutputLength: number }) => Buffer;
  readonly later: (body: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;
}

/** A frame may ask for a window of gigabytes; 8 MiB is what RFC 9659 lets it ask for over HTTP. */
const ZSTD_OPTIONS = { params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } };
const zstdLater = promisify(zlib.zstdDecompress);
const gzip: Codec = { now: zlib.gunzipSync, later: promisify(zlib.gunzip) };
const deflate: Codec = { now: zlib.inflateSync, later: promisify(zlib.inflate) };
const rawDeflate: Codec = { now: zlib.inflateRawSync, later: promisify(zlib.inflateRaw) };
const brotli: Codec = { now: zlib.brotliDecompressSync, later: promisify(zlib.brotliDecompress) };
const zstd: Codec = {
  now: (body, options) => zlib.zstdDecompressSync(body, { ...ZSTD_OPTIONS, ...options }),
  later: (body, options) => zstdLater(body, { ...ZSTD_OPTIONS, ...options }),
};

export const ACCEPT_ENCODING = 'gzip, deflate, br, zstd';

/** More layers than this nobody sends in good faith. */
const MAX_CODINGS = 3;
/** Up to this size it is cheaper to decompress on the spot than to hand the work to another thread. */
const ON_THE_SPOT_BYTES = 32 * 1024;

/**
 * A body with its content codings taken off, the last one first. A coding that is not known is left as it is, as browsers
 * do: servers put character sets and worse there. Throws a {@link DecodeError}; memory stays within the limits, since the
 * size of what was sent is known, and the decompressor stops at the first byte above what that size allows.
 */
export async function decodeBody(sent: Buffer, contentEncoding: string, limits: DecodeLimits): Promise<Buffer> {
  const codings = codingsOf(contentEncoding);
  if (codings.length > MAX_CODINGS) {
    throw new DecodeError('bad_encoding', limits.maxBodyBytes, `${codings.length} content codings`);
  }
  const byRatio = Math.max(sent.length * limits.maxDecompressionRatio, limits.decompressionFloorBytes);
  const maxOutputLength = Math.max(1, Math.floor(Math.min(byRatio, limits.maxBodyBytes)));
  let body = sent;
  for (const coding of codings.reverse()) {
    const codec = codecOf(coding, body);
    if (codec === undefined || body.length === 0) break;
    try {
      body = await (body.length <= ON_THE_SPOT_BYTES ? codec.now : codec.later)(body, { maxOutputLength });
    } catch (thrown) {
      const isOverrun = thrown instanceof Error && (thrown as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE';
      const overrun = byRatio < limits.maxBodyBytes ? 'decompression_ratio' : 'too_large';
      throw new DecodeError(isOverrun ? overrun : 'bad_encoding', maxOutputLength, thrown);
    }
  }
  return body;
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
      // Meant to be the zlib format; some servers send the bare stream, whose first byte no encoder makes look like it.
      return ((body[0] ?? 0) & 0x0f) === 8 ? deflate : rawDeflate;
    case 'br':
      return brotli;
    case 'zstd':
      return zstd;
    default:
      return undefined;
  }
}
