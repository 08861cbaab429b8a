// Server-sent events read from a fetch, because EventSource cannot send the Authorization header. WHATWG HTML 9.2.6.

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** An event larger than this is not one of the agent's. */
const MAX_EVENT = 1 << 20;

/** Takes the stream piece by piece, wherever the pieces end, and gives whole events. */
export class EventParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #size = 0;

  push(text: string): ServerEvent[] {
    this.#rest += text;
    const events: ServerEvent[] = [];
    for (;;) {
      const end = this.#rest.search(/\r\n|\n|\r/);
      // A carriage return at the very end may be the first half of a line end.
      if (end < 0 || (this.#rest[end] === '\r' && end === this.#rest.length - 1)) break;
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + (this.#rest.startsWith('\r\n', end) ? 2 : 1));
      const event = this.#line(line);
      if (event) events.push(event);
    }
    if (this.#rest.length + this.#size > MAX_EVENT) throw new RangeError('event too large');
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#dispatch();
    if (line.startsWith(':')) return undefined; // a comment: the stream is alive
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'event') this.#event = value;
    if (field === 'data') {
      this.#data.push(value);
      this.#size += value.length;
    }
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    const event = { event: this.#event || 'message', data: this.#data.join('\n') };
    const empty = this.#data.length === 0;
    this.#event = '';
    this.#data = [];
    this.#size = 0;
    return empty ? undefined : event;
  }
}
