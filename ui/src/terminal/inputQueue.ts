/**
 * Input on its way to one session: in order, one command at a time, in bounded pieces. A large paste is paced by the
 * answers, and an interrupt (Ctrl+C) overtakes what is left of it.
 */
import type { PreparedPaste } from "./paste";

const PIECE = 8 * 1024;
const INTERRUPT = 0x03;

interface Segment {
  bytes: Uint8Array;
  /** Only for pastes: what must still be sent when the rest is given up, once the beginning has been sent. */
  readonly paste: { readonly after: Uint8Array; begun: boolean } | null;
}

export class InputQueue {
  #segments: Segment[] = [];
  #sending = false;
  #disposed = false;

  constructor(
    private readonly send: (bytes: Uint8Array) => Promise<void>,
    private readonly onError: (reason: unknown) => void,
  ) {}

  /** Keys, mouse reports and the terminal's replies. */
  type(bytes: Uint8Array): void {
    if (this.#disposed || bytes.length === 0) return;
    if (bytes.includes(INTERRUPT)) this.#giveUpPastes();
    this.#segments.push({ bytes, paste: null });
    this.#pump();
  }

  paste({ before, text, after }: PreparedPaste): void {
    if (this.#disposed) return;
    const encoder = new TextEncoder();
    this.#segments.push({
      bytes: encoder.encode(before + text + after),
      paste: { after: encoder.encode(after), begun: false },
    });
    this.#pump();
  }

  /** Bytes not yet handed over. */
  get pending(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  dispose(): void {
    this.#disposed = true;
    this.#segments = [];
  }

  #giveUpPastes(): void {
    this.#segments = this.#segments.flatMap((segment) => {
      if (!segment.paste) return [segment];
      // A bracket that was opened must be closed, or the interrupt itself would count as pasted.
      return segment.paste.begun && segment.paste.after.length > 0
        ? [{ bytes: segment.paste.after.slice(-segment.bytes.length), paste: null }]
        : [];
    });
  }

  #pump(): void {
    if (this.#sending) return;
    const piece = this.#take();
    if (!piece) return;
    this.#sending = true;
    this.send(piece)
      .catch((reason: unknown) => {
        if (this.#disposed) return;
        // What follows would arrive with a hole before it.
        this.#segments = [];
        this.onError(reason);
      })
      .finally(() => {
        this.#sending = false;
        this.#pump();
      });
  }

  /** Up to one piece; keys typed meanwhile go together. */
  #take(): Uint8Array | null {
    const parts: Uint8Array[] = [];
    let room = PIECE;
    while (room > 0) {
      const segment = this.#segments[0];
      if (!segment) break;
      const part = segment.bytes.subarray(0, room);
      parts.push(part);
      room -= part.length;
      if (part.length === segment.bytes.length) {
        this.#segments.shift();
      } else {
        segment.bytes = segment.bytes.subarray(part.length);
        if (segment.paste) segment.paste.begun = true;
      }
    }
    if (parts.length < 2) return parts[0] ?? null;
    const whole = new Uint8Array(PIECE - room);
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }
}
