/** Parses server-sent events by the HTML standard, from a stream that may be cut anywhere. */

export interface ServerEvent {
  /** Empty if the server sent none. */
  readonly name: string;
  readonly data: string;
}

/** Adds text as it arrives and returns the complete events. */
export class SseReader {
  #rest: string[] = [];
  #data: string[] = [];
  #name = '';
  #endedWithCr = false;
  #begun = false;

  /** The events that this text completes. */
  push(text: string): ServerEvent[] {
    let fresh = text;
    if (!this.#begun && fresh !== '') {
      this.#begun = true;
      if (fresh.startsWith('\ufeff')) fresh = fresh.slice(1);
    }
    if (this.#endedWithCr && fresh.startsWith('\n')) fresh = fresh.slice(1);
    if (text !== '') this.#endedWithCr = text.endsWith('\r');
    const lines = fresh.split(/\r\n|\n|\r/);
    const last = lines.pop() ?? '';
    const events: ServerEvent[] = [];
    for (const line of lines) {
      this.#rest.push(line);
      this.#readLine(this.#rest.join(''), events);
      this.#rest = [];
    }
    if (last !== '') this.#rest.push(last);
    return events;
  }

  /** The last event without its closing empty line: some servers end like this, and cut-off streams do. */
  end(): ServerEvent[] {
    return this.push('\n\n');
  }

  #readLine(line: string, events: ServerEvent[]): void {
    if (line === '') {
      if (this.#data.length > 0) events.push({ name: this.#name, data: this.#data.join('\n') });
      this.#data = [];
      this.#name = '';
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#name = value;
  }
}
