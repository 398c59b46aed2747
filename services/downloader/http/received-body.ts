/**
 * The bytes of a body as they arrive. Those of a large body of known length are written to their place at once, so that they are in
 * memory once and not twice.
 */

/** From this size on, joining the parts at the end costs more memory than it saves work. */
const PLACED_FROM_BYTES = 64 * 1024;

export class ReceivedBody {
  #parts: Buffer[] = [];
  #place: Buffer | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Takes memory for a body of so many bytes; more or fewer may come. */
  expect(length: number): void {
    if (length < Math.max(this.#length, PLACED_FROM_BYTES)) return;
    this.#place = Buffer.allocUnsafeSlow(length);
    let at = 0;
    for (const part of this.#parts) at += part.copy(this.#place, at);
    this.#parts = [];
  }

  append(part: Buffer): void {
    const end = this.#length + part.length;
    if (this.#place !== undefined && end > this.#place.length) {
      this.#parts = [this.#place.subarray(0, this.#length)];
      this.#place = undefined;
    }
    if (this.#place === undefined) this.#parts.push(part);
    else this.#place.set(part, this.#length);
    this.#length = end;
  }

  /** A copy of all bytes so far. */
  copy(): Buffer {
    return Buffer.concat(this.#place === undefined ? this.#parts : [this.#place.subarray(0, this.#length)]);
  }

  /** All bytes so far. The body is empty afterwards. */
  take(): Buffer {
    const whole = this.#place?.subarray(0, this.#length) ?? this.#joined();
    this.#parts = [];
    this.#place = undefined;
    this.#length = 0;
    return whole;
  }

  #joined(): Buffer {
    return this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts, this.#length);
  }
}
