/**
 * Input on its way to one session: in order, one command at a time, in bounded pieces. A large paste is paced by the
 * answers, and an interrupt (Ctrl+C) overtakes what is left of it.
 */
import type { PreparedPaste } from "./paste";

const PIECE = 8 * 1024;
const INTERRUPT = 0x03;
const NOTHING = new Uint8Array();

/** Pastes of more than this say how far they have come; smaller ones are gone before anybody could read it. */
const WORTH_SHOWING = 64 * 1024;

interface Segment {
  bytes: Uint8Array;
  /** Only for pastes: what must be sent when the rest is given up, once the beginning has been sent. */
  readonly paste: { readonly after: Uint8Array; readonly total: number; begun: boolean } | null;
}

/** What overtakes everything that is not on its way yet. */
export interface Interrupt {
  /** Numbers the interrupts of a session, from 1. */
  readonly epoch: number;
  readonly bytes: Uint8Array;
  /** Ends a bracketed paste that is dropped; goes before the bytes where something is dropped. */
  readonly closing: Uint8Array;
  /** Whether `closing` goes before them in any case. */
  readonly alwaysClose: boolean;
}

/** How far a large paste has come, in bytes. */
export interface PasteProgress {
  readonly sent: number;
  readonly total: number;
}

export class InputQueue {
  #segments: Segment[] = [];
  #sending = false;
  #interrupting = 0;
  #epoch = 0;
  #disposed = false;
  #pasteShown = false;
  /** What ends the paste whose bytes were the last to go; part of it may still be inside the application. */
  #closing: Uint8Array = NOTHING;

  constructor(
    /** `epoch`: how many interrupts were before. */
    private readonly send: (bytes: Uint8Array, epoch: number) => Promise<void>,
    /** Sends ahead of all that has not left the application, and drops that. */
    private readonly interrupt: (interrupt: Interrupt) => Promise<void>,
    private readonly onError: (reason: unknown) => void,
    private readonly onPaste: (progress: PasteProgress | null) => void = () => undefined,
  ) {}

  /** Keys, mouse reports and the terminal's replies. */
  type(bytes: Uint8Array): void {
    if (this.#disposed || bytes.length === 0) return;
    if (bytes.length === 1 && bytes[0] === INTERRUPT) {
      this.#interrupt(bytes);
      return;
    }
    this.#segments.push({ bytes, paste: null });
    this.#pump();
  }

  paste({ before, text, after }: PreparedPaste): void {
    if (this.#disposed) return;
    const encoder = new TextEncoder();
    const bytes = encoder.encode(before + text + after);
    this.#segments.push({
      bytes,
      paste: { after: encoder.encode(after), total: bytes.length, begun: false },
    });
    this.#pump();
  }

  /** Gives up what is left of all pastes. */
  cancelPaste(): void {
    this.#interrupt(new Uint8Array());
  }

  /** Drops all that is not on its way, brackets closed, and sends these bytes. */
  #interrupt(bytes: Uint8Array): void {
    const begun = this.#segments[0]?.paste?.begun === true;
    const closing = this.#closing;
    this.#segments = [];
    this.#closing = NOTHING;
    this.#tellPaste();
    this.#epoch += 1;
    this.#interrupting += 1;
    this.interrupt({ epoch: this.#epoch, bytes, closing, alwaysClose: begun })
      .catch((reason: unknown) => {
        if (!this.#disposed) this.onError(reason);
      })
      .finally(() => {
        this.#interrupting -= 1;
        this.#pump();
      });
  }

  /** Bytes not yet handed over. */
  get pending(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  dispose(): void {
    this.#disposed = true;
    this.#segments = [];
  }

  #pump(): void {
    if (this.#sending || this.#interrupting > 0) return;
    const piece = this.#take();
    if (!piece) return;
    this.#sending = true;
    this.#tellPaste();
    this.send(piece, this.#epoch)
      .catch((reason: unknown) => {
        if (this.#disposed) return;
        // What follows would arrive with a hole before it.
        this.#segments = [];
        this.#tellPaste();
        this.onError(reason);
      })
      .finally(() => {
        this.#sending = false;
        this.#pump();
      });
  }

  #tellPaste(): void {
    const pastes = this.#segments.filter(({ paste }) => paste !== null && paste.total >= WORTH_SHOWING);
    const total = pastes.reduce((sum, { paste }) => sum + (paste?.total ?? 0), 0);
    const left = pastes.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (total === 0 && !this.#pasteShown) return;
    this.#pasteShown = total > 0;
    this.onPaste(total > 0 ? { sent: total - left, total } : null);
  }

  /** Up to one piece; keys typed meanwhile go together. */
  #take(): Uint8Array | null {
    const parts: Uint8Array[] = [];
    let room = PIECE;
    while (room > 0) {
      const segment = this.#segments[0];
      if (!segment) break;
      const part = segment.bytes.subarray(0, room);
      this.#closing = segment.paste?.after ?? NOTHING;
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
