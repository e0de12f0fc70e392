/**
 * Chords: a key with what is held down meanwhile, written as `Ctrl+Shift+T`. What is written and what is pressed come
 * to the same spelling here, and here is known which chords belong to the shell.
 */
import type { KeyPress } from "./keyPress";

const MODIFIERS = ["Ctrl", "Alt", "Cmd", "Shift"] as const;
type Modifier = (typeof MODIFIERS)[number];

export interface Chord {
  readonly modifiers: ReadonlySet<Modifier>;
  /** A character, letters in upper case, or a key's name such as `PageUp`. */
  readonly key: string;
}

const NAMED_KEYS = new Map(
  [
    ..."Escape Tab Enter Backspace Delete Insert Home End PageUp PageDown Space".split(" "),
    ..."ArrowUp ArrowDown ArrowLeft ArrowRight".split(" "),
    ...Array.from({ length: 24 }, (_, index) => `F${index + 1}`),
  ].map((name) => [name.toLowerCase(), name]),
);
const ALIASES: Readonly<Record<string, string>> = {
  esc: "Escape",
  return: "Enter",
  del: "Delete",
  ins: "Insert",
  pgup: "PageUp",
  pgdn: "PageDown",
  up: "ArrowUp",
  down: "ArrowDown",
  left: "ArrowLeft",
  right: "ArrowRight",
  plus: "+",
};
const MODIFIER_ALIASES: Readonly<Record<string, Modifier>> = {
  ctrl: "Ctrl",
  control: "Ctrl",
  alt: "Alt",
  option: "Alt",
  opt: "Alt",
  cmd: "Cmd",
  command: "Cmd",
  super: "Cmd",
  meta: "Cmd",
  shift: "Shift",
};

/** Reads a chord as a person writes it; null where it is none. */
export function parseChord(text: string): Chord | null {
  const modifiers = new Set<Modifier>();
  let rest = text.trim();
  for (;;) {
    const [whole, word] = /^([A-Za-z]+)\s*\+\s*(?=\S)/.exec(rest) ?? [];
    const modifier = word === undefined ? undefined : MODIFIER_ALIASES[word.toLowerCase()];
    if (whole === undefined || modifier === undefined) break;
    modifiers.add(modifier);
    rest = rest.slice(whole.length);
  }
  const key = keyOf(rest);
  return key === null ? null : { modifiers, key };
}

function keyOf(text: string): string | null {
  const named = NAMED_KEYS.get(text.toLowerCase()) ?? ALIASES[text.toLowerCase()];
  if (named !== undefined) return named;
  const single = Array.from(text);
  return single.length === 1 && /[^\s\p{C}]/u.test(text) ? upper(text) : null;
}

/** Upper case where that is one character again. */
const upper = (character: string): string =>
  Array.from(character.toUpperCase()).length === 1 ? character.toUpperCase() : character;

/** The one spelling of a chord. */
export const chordText = ({ modifiers, key }: Chord): string =>
  [...MODIFIERS.filter((modifier) => modifiers.has(modifier)), key].join("+");

/** A chord's one spelling, or null where the text is no chord. */
export function canonicalChord(text: string): string | null {
  const chord = parseChord(text);
  return chord && chordText(chord);
}

/** What US keyboards have on the keys whose characters Shift changes. */
const BY_PLACE: Readonly<Record<string, string>> = {
  Backquote: "`",
  Backslash: "\\",
  Comma: ",",
  Equal: "=",
  Minus: "-",
  Period: ".",
  Quote: "'",
  Semicolon: ";",
  Slash: "/",
};

/**
 * The chords that a key press may stand for, the most fitting first. Digits go by their place, since Shift makes other
 * characters of them; letters by what the key produces, and by place only in scripts that are not Latin.
 */
export function chordsOf(press: KeyPress): readonly string[] {
  const modifiers = new Set<Modifier>();
  if (press.ctrlKey) modifiers.add("Ctrl");
  if (press.altKey) modifiers.add("Alt");
  if (press.metaKey) modifiers.add("Cmd");
  if (press.shiftKey) modifiers.add("Shift");
  return keyNames(press)
    .map((name) => keyOf(name))
    .filter((key) => key !== null)
    .map((key) => chordText({ modifiers, key }));
}

function keyNames({ key, code, shiftKey }: KeyPress): readonly string[] {
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  if (digit !== undefined) return [digit, key];
  if (code === "BracketLeft" || code === "BracketRight") return [code === "BracketLeft" ? "[" : "]", key];
  if (/^\p{L}$/u.test(key) && !/^[a-z]$/i.test(key)) {
    const place = /^Key([A-Z])$/.exec(code)?.[1];
    if (place !== undefined) return [place];
  }
  if (key === " ") return ["Space"];
  const place = shiftKey ? BY_PLACE[code] : undefined;
  return place === undefined ? [key] : [key, place];
}

/** The chord to write down for a key press, or null while only modifiers are down. */
export function pressedChord(press: KeyPress): string | null {
  if (/^(?:Control|Shift|Alt|Meta|AltGraph|CapsLock|Dead|Process|Unidentified)$/.test(press.key)) return null;
  const chords = chordsOf(press);
  // Shift with punctuation is written by the key's place, as it is printed there.
  return (press.shiftKey && press.code in BY_PLACE ? chords.at(-1) : chords[0]) ?? null;
}

export type ChordConcern =
  /** It types a character. */
  | "types"
  /** A shell or program in it reads this. */
  | "shell"
  /** Ctrl and Alt together are AltGr, which types characters on many keyboards. */
  | "altGr"
  /** The system keeps it. */
  | "system"
  /** Shells use it, though not all people do. */
  | "shellToo"
  /** The input method of Linux desktops uses it. */
  | "inputMethod";

export interface ChordJudgement {
  /** It cannot be bound; else whoever binds it is told. */
  readonly refused: boolean;
  readonly concern: ChordConcern;
}

const refuse = (concern: ChordConcern): ChordJudgement => ({ refused: true, concern });
const warn = (concern: ChordConcern): ChordJudgement => ({ refused: false, concern });

const EDITING = /^(?:Escape|Tab|Enter|Backspace|Delete|Insert)$/;
const MOVING = /^(?:Arrow\w+|Home|End|PageUp|PageDown)$/;

/** Whether a chord may be taken from the shell; null: nobody else wants it. */
export function judgeChord(text: string, mac: boolean): ChordJudgement | null {
  const chord = parseChord(text);
  if (!chord) return refuse("types");
  const { key, modifiers } = chord;
  const only = (...wanted: readonly Modifier[]) =>
    modifiers.size === wanted.length && wanted.every((each) => modifiers.has(each));
  const isCharacter = key === "Space" || Array.from(key).length === 1;
  const isFunction = /^F\d+$/.test(key);

  if (modifiers.has("Cmd")) {
    // Cmd is the application's on a Mac, and the desktop's elsewhere.
    if (!mac) return refuse("system");
    const taken = ["Q", "H", "M", "Tab", "Space"].includes(key) && !modifiers.has("Ctrl");
    return taken ? refuse("system") : null;
  }
  if (modifiers.has("Ctrl") && modifiers.has("Alt")) return mac ? null : refuse("altGr");
  if (only() || only("Shift")) {
    if (isCharacter) return refuse("types");
    if (isFunction) return key === "F11" || modifiers.size > 0 ? null : refuse("shell");
    if (only("Shift")) return /^(?:Insert|Home|End|PageUp|PageDown)$/.test(key) ? null : refuse("shell");
    return refuse("shell");
  }
  if (modifiers.has("Alt")) return MOVING.test(key) && only("Alt") ? refuse("shell") : warn("shellToo");
  // Only Ctrl is left, with or without Shift.
  if (only("Ctrl")) {
    if (/^(?:[A-Z@[\\\]^_/?]|[2-8]|Space)$/.test(key)) return refuse("shell");
    if (key.startsWith("Arrow")) return refuse("shell");
    if (MOVING.test(key)) return warn("shellToo");
    if (EDITING.test(key)) return key === "Tab" || key === "Insert" ? null : refuse("shell");
    return null;
  }
  if (key === "2" || key === "-" || key === "_" || key === "@" || key === "Space") return warn("shellToo");
  if (!mac && (key === "U" || key === "E")) return warn("inputMethod");
  return null;
}
