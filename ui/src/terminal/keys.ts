/**
 * Control characters from keys. xterm.js works on key codes, which fail for `[ \ ] ^ _ /` on many layouts; here the
 * produced character decides, and the key's place only where there is no Latin letter on it.
 */

/** The part of a keyboard event that matters. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  /** AltGr is down: on Windows it reports Ctrl and Alt too, and the key types a character. */
  readonly altGraph: boolean;
}

/** `DOM` keyboard event to {@link KeyPress}. */
export function keyPress(event: KeyboardEvent): KeyPress {
  const { key, code, ctrlKey, shiftKey, altKey, metaKey } = event;
  return { key, code, ctrlKey, shiftKey, altKey, metaKey, altGraph: event.getModifierState("AltGraph") };
}

/** What Ctrl makes of a character that is no letter; `/` and `?` as in xterm. */
const BY_CHARACTER: Readonly<Record<string, string>> = {
  " ": "\x00",
  "@": "\x00",
  "[": "\x1b",
  "\\": "\x1c",
  "]": "\x1d",
  "^": "\x1e",
  _: "\x1f",
  "/": "\x1f",
  "?": "\x7f",
};

/** What Ctrl makes of the digit row, a custom as old as the VT220, for layouts that lack the characters above. */
const BY_DIGIT: Readonly<Record<string, string>> = {
  Digit2: "\x00",
  Digit3: "\x1b",
  Digit4: "\x1c",
  Digit5: "\x1d",
  Digit6: "\x1e",
  Digit7: "\x1f",
  Digit8: "\x7f",
};

/** The control character that a key press types, or null where xterm.js decides. */
export function controlCharacter(press: KeyPress): string | null {
  if (!press.ctrlKey || press.metaKey) return null;
  // Ctrl and Alt both down is AltGr on Windows, and Alt+Ctrl+letter otherwise: xterm.js knows the latter.
  if (press.altKey) return null;

  const byCharacter = BY_CHARACTER[press.key];
  if (byCharacter !== undefined) return byCharacter;
  if (press.altGraph) return null;

  if (!press.shiftKey) {
    const letter = latinLetter(press);
    if (letter !== null) return String.fromCharCode(letter.charCodeAt(0) & 0x1f);
  }
  return BY_DIGIT[press.code] ?? null;
}

/** The letter, lower case: what the key produces, or what is printed there on a Latin keyboard. */
export function latinLetter(press: KeyPress): string | null {
  if (/^[a-z]$/i.test(press.key)) return press.key.toLowerCase();
  // A letter of another script: fall back to the key's place.
  if (/^\p{L}$/u.test(press.key)) return /^Key([A-Z])$/.exec(press.code)?.[1]?.toLowerCase() ?? null;
  return null;
}

/**
 * Whether the web view would do something of its own with this key: reload, print, find, go back, zoom, developer
 * tools. None of it has a place in an application.
 */
export function isWebViewShortcut(press: KeyPress, mac: boolean): boolean {
  const { key, altKey, ctrlKey, metaKey } = press;
  if (/^F(?:1|3|5|6|7|12)$/.test(key)) return true;
  if (altKey && !ctrlKey && (key === "ArrowLeft" || key === "ArrowRight" || key === "Home")) return true;
  if (key.startsWith("Browser")) return true;
  if (!(mac ? metaKey : ctrlKey) || altKey) return false;
  const letter = latinLetter(press);
  // Copying, cutting, pasting, undoing and selecting text are for text fields, which keep them.
  if (letter !== null)
    return !["c", "v", "x", "z", "y", "a"].includes(letter) || (press.shiftKey && letter !== "z");
  return ["+", "-", "=", "_", "0", "PageUp", "PageDown", "Tab"].includes(key);
}
