/**
 * What a paste becomes before it is sent. Text from the clipboard is hostile: a page can put an escape sequence there
 * that ends bracketed paste early, so that the rest runs as commands. xterm.js 6.0.0 does not prevent this; nothing is
 * ever pasted through it.
 */

const BRACKET_START = "\x1b[200~";
const BRACKET_END = "\x1b[201~";

/** C0 except TAB and CR, then DEL and C1. */
const CONTROLS = /[\x00-\x08\x0a-\x0c\x0e-\x1f\x7f-\x9f]/g;

/** Marks that change how text reads without showing themselves: bidirectional controls and zero-width characters. */
const HIDDEN = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** Pastes longer than this are asked about. */
const LARGE = 5 * 1024;

/** A paste, ready to send. */
export interface PreparedPaste {
  /** The text without brackets: no control character but TAB and CR. */
  readonly text: string;
  /** What goes before and after it; empty where the shell did not ask for brackets. */
  readonly before: string;
  readonly after: string;
}

/** Makes text from the clipboard harmless, and brackets it where the shell asked for that. */
export function preparePaste(text: string, bracketed: boolean): PreparedPaste {
  return {
    text: text.replace(/\r\n?|\n/g, "\r").replace(CONTROLS, visibleControl),
    before: bracketed ? BRACKET_START : "",
    after: bracketed ? BRACKET_END : "",
  };
}

function visibleControl(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : "\ufffd";
}

/** Why a paste is worth a second look. */
export type PasteConcern = "lines" | "controls" | "hidden" | "large";

/** What a person is asked to look at before it is sent. */
export interface PasteReview {
  readonly concerns: readonly PasteConcern[];
  readonly lines: number;
  readonly characters: number;
  /** The text as it would be sent, with line ends kept and what cannot be seen made visible. */
  readonly shown: string;
}

/** What there is to ask before a paste, or null where it can go at once. */
export function reviewPaste(
  text: string,
  bracketed: boolean,
  guard: "risky" | "always" | "never" = "risky",
): PasteReview | null {
  if (guard === "never") return null;
  const normalised = text.replace(/\r\n?|\n/g, "\n");
  const lines = normalised.replace(/\n$/, "").split("\n").length;
  const concerns: PasteConcern[] = [];
  // One trailing line end runs a single command; that, too, is more than typing.
  if (normalised.includes("\n") && !bracketed) concerns.push("lines");
  if (normalised.replaceAll("\n", "").search(CONTROLS) >= 0) concerns.push("controls");
  if (normalised.search(HIDDEN) >= 0) concerns.push("hidden");
  if (text.length > LARGE) concerns.push("large");
  if (concerns.length === 0 && guard !== "always") return null;
  const shown = shownText(normalised);
  return { concerns, lines, characters: Array.from(text).length, shown };
}

/** Text with what cannot be seen made visible; lines stay lines. */
export const shownText = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.replace(CONTROLS, visibleControl).replace(HIDDEN, codePointName))
    .join("\n");

function codePointName(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
