/**
 * Which key does what: the catalogue's defaults, a preset over them, and over both what the person has set. An action
 * that cannot be done now leaves its key to the shell, too.
 */
import {
  type Action,
  type ActionEntry,
  type ActionId,
  actionById,
  ACTIONS,
  type DefaultKeys,
} from "./actions";
import { canonicalChord, chordsOf } from "./chords";
import type { KeyPress } from "./keyPress";

export type { Action } from "./actions";

/** What an override says of a chord that no action shall have. */
export const SEND_TO_SESSION = "send to session";

export const PRESETS = ["sessiondeck", "browser", "iterm2"] as const;
export type KeyPreset = (typeof PRESETS)[number];

/** As the settings hold them. */
export interface KeySettings {
  readonly preset: KeyPreset;
  /** Chord to action id, or {@link SEND_TO_SESSION}. */
  readonly overrides: Readonly<Record<string, string>>;
}

export const DEFAULT_KEYS: KeySettings = { preset: "sessiondeck", overrides: {} };

/** What a preset has instead of the defaults; ids that this version does not have are passed over. */
type Preset = Readonly<Partial<Record<string, DefaultKeys>>>;

const tabNumbers = (other: string, mac: string): Preset =>
  Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [
      `tab${index + 1}`,
      { other: [`${other}+${index + 1}`], mac: [`${mac}+${index + 1}`] },
    ]),
  );

const PRESET_KEYS: Readonly<Record<KeyPreset, Preset>> = {
  sessiondeck: {},
  // As in Chrome and Firefox, as far as the shell can spare it: Ctrl+letter it cannot.
  browser: {
    ...tabNumbers("Alt", "Cmd"),
    nextTab: { other: ["Ctrl+Tab", "Ctrl+PageDown"], mac: ["Ctrl+Tab", "Cmd+Alt+ArrowRight"] },
    previousTab: { other: ["Ctrl+Shift+Tab", "Ctrl+PageUp"], mac: ["Ctrl+Shift+Tab", "Cmd+Alt+ArrowLeft"] },
    reopenTab: { other: ["Ctrl+Shift+Z"], mac: ["Cmd+Shift+T"] },
  },
  iterm2: {
    ...tabNumbers("Ctrl+Shift", "Cmd"),
    nextTab: { other: ["Ctrl+Tab"], mac: ["Ctrl+Tab", "Cmd+Shift+]", "Cmd+ArrowRight"] },
    previousTab: { other: ["Ctrl+Shift+Tab"], mac: ["Ctrl+Shift+Tab", "Cmd+Shift+[", "Cmd+ArrowLeft"] },
    moveTabLeft: { other: ["Ctrl+Shift+PageUp"], mac: ["Cmd+Shift+ArrowLeft"] },
    moveTabRight: { other: ["Ctrl+Shift+PageDown"], mac: ["Cmd+Shift+ArrowRight"] },
    clear: { other: ["Ctrl+Shift+K"], mac: ["Cmd+K"] },
    toggleBroadcast: { other: ["Ctrl+Shift+I"], mac: ["Cmd+Alt+I"] },
  },
};

/** A chord that means something, and why. */
export interface Binding {
  readonly chord: string;
  readonly entry: ActionEntry;
  /** Set by the person, not by the preset. */
  readonly own: boolean;
}

/** An action that wants a chord that another one has. */
export interface Clash {
  readonly chord: string;
  readonly winner: ActionEntry;
  readonly loser: ActionEntry;
}

/** All keys of one platform, put together. */
export class Keymap {
  readonly #byChord = new Map<string, Binding>();
  /** Chords that the person has given to the session. */
  readonly sent: ReadonlySet<string>;
  readonly clashes: readonly Clash[];
  /** Overrides that say nothing: no chord, or no action of this version. */
  readonly unknown: readonly string[];

  constructor({ preset, overrides }: KeySettings, mac: boolean) {
    const clashes: Clash[] = [];
    const unknown: string[] = [];
    const sent = new Set<string>();
    const instead = PRESET_KEYS[preset];
    // What a preset gives comes before defaults that it did not speak of.
    const entries: readonly ActionEntry[] = ACTIONS;
    const ordered = [...entries].sort(
      (one, other) => Number(other.id in instead) - Number(one.id in instead),
    );
    for (const entry of ordered) {
      const { [mac ? "mac" : "other"]: chords } = instead[entry.id] ?? entry.keys;
      for (const text of chords) {
        const chord = canonicalChord(text) ?? text;
        const winner = this.#byChord.get(chord)?.entry;
        if (winner) clashes.push({ chord, winner, loser: entry });
        else this.#byChord.set(chord, { chord, entry, own: false });
      }
    }
    for (const [text, wish] of Object.entries(overrides)) {
      const chord = canonicalChord(text);
      const entry = actionById(wish);
      if (chord === null || (entry === null && wish !== SEND_TO_SESSION)) {
        unknown.push(text);
      } else if (entry === null) {
        this.#byChord.delete(chord);
        sent.add(chord);
      } else {
        sent.delete(chord);
        this.#byChord.set(chord, { chord, entry, own: true });
      }
    }
    this.sent = sent;
    this.clashes = clashes;
    this.unknown = unknown;
  }

  /** The action of a key press, or null where the key is the session's. */
  actionFor(press: KeyPress): Action | null {
    for (const chord of chordsOf(press)) {
      const binding = this.#byChord.get(chord);
      if (binding) return binding.entry.action;
      if (this.sent.has(chord)) return null;
    }
    return null;
  }

  /** Who has a chord. */
  bindingOf(chord: string): Binding | null {
    return this.#byChord.get(canonicalChord(chord) ?? chord) ?? null;
  }

  /** An action's chords: the person's own first, then as the catalogue or preset has them. */
  bindingsOf(id: ActionId): readonly Binding[] {
    const all = [...this.#byChord.values()].filter(({ entry }) => entry.id === id);
    return [...all.filter(({ own }) => own), ...all.filter(({ own }) => !own)];
  }
}

const mapsOf = (keys: KeySettings) => ({ other: new Keymap(keys, false), mac: new Keymap(keys, true) });
let current = mapsOf(DEFAULT_KEYS);

/** Makes these the keys from now on. */
export function setKeys(keys: KeySettings): void {
  current = mapsOf(keys);
}

/** The keys as they are now. */
export const keymap = (mac: boolean): Keymap => (mac ? current.mac : current.other);

/** What the application does with a key, or null where it is not its own. */
export const actionFor = (press: KeyPress, mac: boolean): Action | null => keymap(mac).actionFor(press);

/** The chord to show for an action, or an empty text. */
export function chordFor(kind: Action["kind"], mac: boolean): string {
  for (const { id, action } of ACTIONS) {
    if (action.kind !== kind) continue;
    const [binding] = keymap(mac).bindingsOf(id);
    if (binding) return binding.chord;
  }
  return "";
}
