/**
 * Reads an HTTP/1.1 response as browsers and curl read it, where a strict parser refuses it: lines that end in LF alone, headers that
 * are no headers, several equal lengths, a length beside chunks. It is lenient where a response has one meaning, and refuses what has
 * two: different lengths, NUL in a header, no status line. It is used on a connection for one response only, so that nothing which
 * follows a response can be taken for another one.
 */
import { errors } from 'undici';

export interface ResponseEvents {
  readonly onHead: (status: number, headers: Record<string, string | string[]>) => void;
  readonly onData: (chunk: Buffer) => void;
  readonly onEnd: () => void;
}

/** The longest line of a chunk's size; extensions count. */
const MAX_CHUNK_LINE_BYTES = 16 * 1024;
const EMPTY = Buffer.alloc(0);
const LF = 0x0a;

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'until-close' | 'ended';

export class LenientResponse {
  readonly #events: ResponseEvents;
  readonly #maxHeaderBytes: number;
  readonly #hasBody: boolean;
  #state: State = 'head';
  /** What has arrived of a head or a line. */
  #pending: Buffer = EMPTY;
  /** What is left of the body or of the chunk. */
  #leftBytes = 0;

  /** `method` is that of the request: a HEAD has no body. */
  constructor(events: ResponseEvents, method: string, maxHeaderBytes: number) {
    this.#events = events;
    this.#hasBody = method !== 'HEAD';
    this.#maxHeaderBytes = maxHeaderBytes;
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Reads what has arrived. Throws undici's HTTPParserError and HeadersOverflowError. */
  write(arrived: Buffer): void {
    let rest = arrived;
    while (rest.length > 0 && this.#state !== 'ended') rest = this.#read(rest);
  }

  /** The connection has ended. Throws undici's SocketError if the response has not. */
  end(): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'until-close') {
      this.#end();
      return;
    }
    const isOther = this.#state === 'head' && !/^h?t?t?p?$|^http\//i.test(this.#pending.toString('latin1', 0, 5));
    if (isOther) throw new errors.HTTPParserError('the response has no status line');
    throw new errors.SocketError('other side closed');
  }

  /** Returns what it has not read. */
  #read(arrived: Buffer): Buffer {
    switch (this.#state) {
      case 'head':
        return this.#readHead(arrived);
      case 'chunk-size':
        return this.#readChunkSize(arrived);
      case 'chunk-end':
        return this.#readChunkEnd(arrived);
      case 'length':
      case 'chunk':
        return this.#readCounted(arrived);
      default:
        this.#events.onData(arrived);
        return EMPTY;
    }
  }

  #readHead(arrived: Buffer): Buffer {
    const before = this.#pending.length;
    const all = before === 0 ? arrived : Buffer.concat([this.#pending, arrived]);
    const start = before === 0 ? blankUntil(all) : 0;
    const head = all.subarray(start);
    const end = headEnd(head, Math.max(0, before - 3));
    if ((end ?? head.length) > this.#maxHeaderBytes) throw new errors.HeadersOverflowError();
    if (end === undefined) {
      this.#pending = head;
      return EMPTY;
    }
    this.#pending = EMPTY;
    this.#begin(head.toString('latin1', 0, end));
    return head.subarray(end);
  }

  #begin(head: string): void {
    const [statusLine = '', ...lines] = head.split(/\r?\n/);
    const status = Number(/^HTTP\/\d+(?:\.\d+)?[ \t]+(\d{3})(?!\d)/i.exec(statusLine)?.[1]);
    if (Number.isNaN(status)) throw new errors.HTTPParserError('the response has no status line');
    // An interim response: the final one follows.
    if (status < 200 && status !== 101) return;
    const headers = headersIn(lines);
    const length = lengthIn(headers);
    this.#events.onHead(status, headers);
    if (!this.#hasBody || status === 101 || status === 204 || status === 304) this.#end();
    else if (isChunked(headers)) this.#state = 'chunk-size';
    else if (length === undefined) this.#state = 'until-close';
    else this.#count('length', length);
  }

  #count(state: 'length' | 'chunk', bytes: number): void {
    this.#leftBytes = bytes;
    if (bytes === 0) this.#end();
    else this.#state = state;
  }

  #readCounted(arrived: Buffer): Buffer {
    const part = arrived.subarray(0, this.#leftBytes);
    this.#events.onData(part);
    this.#leftBytes -= part.length;
    if (this.#leftBytes === 0) {
      if (this.#state === 'length') this.#end();
      else this.#state = 'chunk-end';
    }
    return arrived.subarray(part.length);
  }

  /** The chunk of size 0 ends the body. What may follow it is not waited for. */
  #readChunkSize(arrived: Buffer): Buffer {
    const { line, rest } = this.#line(arrived);
    if (line === undefined) return EMPTY;
    const size = Number.parseInt(/^[ \t]*([\da-f]{1,12})(?![\da-z])/i.exec(line)?.[1] ?? '', 16);
    if (Number.isNaN(size)) throw new errors.HTTPParserError('the response has a chunk without a size');
    this.#count('chunk', size);
    return rest;
  }

  #readChunkEnd(arrived: Buffer): Buffer {
    const { line, rest } = this.#line(arrived);
    if (line === undefined) return EMPTY;
    if (line.trim() !== '') throw new errors.HTTPParserError('the response has a chunk that is longer than its size');
    this.#state = 'chunk-size';
    return rest;
  }

  #line(arrived: Buffer): { line?: string; rest: Buffer } {
    const all = this.#pending.length === 0 ? arrived : Buffer.concat([this.#pending, arrived]);
    const end = all.indexOf(LF);
    if ((end === -1 ? all.length : end) > MAX_CHUNK_LINE_BYTES) {
      throw new errors.HTTPParserError('the response has a chunk without a size');
    }
    this.#pending = end === -1 ? all : EMPTY;
    return end === -1 ? { rest: EMPTY } : { line: all.toString('latin1', 0, end), rest: all.subarray(end + 1) };
  }

  #end(): void {
    this.#state = 'ended';
    this.#events.onEnd();
  }
}

/** How many bytes of empty lines stand before a response. */
function blankUntil(bytes: Buffer): number {
  let at = 0;
  while (bytes[at] === LF || bytes[at] === 0x0d) at += 1;
  return at;
}

/** Where the body begins, searched from an offset; undefined as long as the head goes on. */
function headEnd(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === LF) return at + 3;
  }
  return undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are meant.
const CONTROLS = /[\x01-\x08\x0a-\x1f\x7f]+/g;

function headersIn(lines: readonly string[]): Record<string, string | string[]> {
  const headers = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const line of lines) {
    if (line.includes('\0')) throw new errors.HTTPParserError('the response has a NUL in a header');
    if (values !== undefined && /^[ \t]/.test(line)) {
      // A value that is folded over several lines.
      values.push(`${values.pop()} ${line.replace(CONTROLS, ' ').trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    values = undefined;
    if (name === '') continue;
    values = headers.get(name) ?? [];
    values.push(
      line
        .slice(colon + 1)
        .replace(CONTROLS, ' ')
        .trim(),
    );
    headers.set(name, values);
  }
  return Object.fromEntries([...headers].map(([name, all]) => [name, all.length === 1 ? all[0]! : all]));
}

/** The length of the body; undefined for none, and for one that is no number: then the body ends with its connection. */
function lengthIn(headers: Record<string, string | string[]>): number | undefined {
  const written = [headers['content-length'] ?? []].flat().flatMap((value) => value.split(','));
  const lengths = new Set(written.map((value) => value.trim()));
  if (lengths.size > 1 && !isChunked(headers)) throw new errors.HTTPParserError('the response has different lengths');
  const [length = ''] = lengths;
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function isChunked(headers: Record<string, string | string[]>): boolean {
  return [headers['transfer-encoding'] ?? []].flat().some((value) => /(?:^|,)[ \t]*chunked[ \t]*$/i.test(value));
}
