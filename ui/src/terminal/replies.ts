/**
 * The reply rule: what the terminal itself answers to the far end is on a closed list, holds digits, separators and
 * fixed text only, is limited in rate, and is never sent once a session has ended. A reply that repeats bytes of the
 * request is how output becomes input, and input becomes commands.
 */

const REPLIES: readonly RegExp[] = [
  // Primary and secondary device attributes.
  /^\x1b\[[?>][\d;]*c$/,
  // Device status, and the cursor's place.
  /^\x1b\[0n$/,
  /^\x1b\[\??\d+;\d+R$/,
  // Whether a mode is set.
  /^\x1b\[\??\d+;\d+\$y$/,
  // Settings (DECRQSS).
  /^\x1bP[01]\$r[\d;:"' A-Za-z]*\x1b\\$/,
  // Colours of the palette, text, background and cursor.
  /^\x1b\](?:4;\d+|1[012]);rgb:[\da-f]{1,4}\/[\da-f]{1,4}\/[\da-f]{1,4}(?:\x07|\x1b\\)$/i,
  // Focus gained and lost.
  /^\x1b\[[IO]$/,
];

/** Nothing that a person types begins so: DCS, OSC, SOS, PM and APC strings (Alt+P and the like are two characters). */
const STRING_SEQUENCE = /^\x1b[P\]X^_][\s\S]/;

/** What xterm.js's data event carried. */
export type DataKind = "input" | "reply" | "forbidden";

/** Tells what a person did from what the terminal answers by itself. */
export function classifyData(data: string): DataKind {
  if (data.charCodeAt(0) !== 0x1b) return "input";
  if (REPLIES.some((reply) => reply.test(data))) return "reply";
  return STRING_SEQUENCE.test(data) ? "forbidden" : "input";
}

/** Reports of the mouse, which mean a place on one screen only. */
export const isMouseReport = (data: string): boolean => /^\x1b\[(?:<[\d;]+[Mm]$|M)/.test(data);

/** Allows so many in any second; a token bucket. */
export class RateLimit {
  #left: number;
  #filledAt: number;

  constructor(
    private readonly perSecond: number,
    private readonly now: () => number,
  ) {
    this.#left = perSecond;
    this.#filledAt = now();
  }

  /** Whether one more may go now. */
  take(): boolean {
    const now = this.now();
    this.#left = Math.min(this.perSecond, this.#left + ((now - this.#filledAt) / 1000) * this.perSecond);
    this.#filledAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
