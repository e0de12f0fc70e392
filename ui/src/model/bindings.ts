/**
 * Keys that the application takes for itself, and no others: every Ctrl+letter, Alt+key and plain key belongs to the
 * shell. An action that cannot be done now leaves its key to the shell, too.
 */
import type { KeyPress } from "./keyPress";

export type Action =
  | { readonly kind: "newTab" }
  | { readonly kind: "closeTab" }
  | { readonly kind: "duplicateTab" }
  | { readonly kind: "restart" }
  | { readonly kind: "switchTab"; readonly by: 1 | -1 }
  | { readonly kind: "goToTab"; readonly number: number }
  | { readonly kind: "moveTab"; readonly by: 1 | -1 }
  | { readonly kind: "copy" }
  | { readonly kind: "paste" }
  | { readonly kind: "selectAll" }
  | { readonly kind: "clear" }
  | { readonly kind: "scroll"; readonly to: "top" | "bottom" }
  | { readonly kind: "zoom"; readonly by: 1 | -1 | 0 }
  | { readonly kind: "toggleSidebar" }
  | { readonly kind: "fullScreen" }
  | { readonly kind: "focusRegion"; readonly by: 1 | -1 };

/** One row of the table: a chord such as `Ctrl+Shift+T`, and what it does. */
interface Binding {
  readonly chord: string;
  readonly action: Action;
}

const numbers = (prefix: string): readonly Binding[] =>
  [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({
    chord: `${prefix}+${number}`,
    action: { kind: "goToTab", number },
  }));

const COMMON: readonly Binding[] = [
  { chord: "Ctrl+Tab", action: { kind: "switchTab", by: 1 } },
  { chord: "Ctrl+Shift+Tab", action: { kind: "switchTab", by: -1 } },
  { chord: "Ctrl+Shift+PageUp", action: { kind: "moveTab", by: -1 } },
  { chord: "Ctrl+Shift+PageDown", action: { kind: "moveTab", by: 1 } },
  { chord: "Ctrl+F6", action: { kind: "focusRegion", by: 1 } },
  { chord: "Ctrl+Shift+F6", action: { kind: "focusRegion", by: -1 } },
  { chord: "Shift+Home", action: { kind: "scroll", to: "top" } },
  { chord: "Shift+End", action: { kind: "scroll", to: "bottom" } },
];

const LINUX_AND_WINDOWS: readonly Binding[] = [
  ...COMMON,
  { chord: "Ctrl+Shift+T", action: { kind: "newTab" } },
  { chord: "Ctrl+Shift+W", action: { kind: "closeTab" } },
  { chord: "Ctrl+Shift+D", action: { kind: "duplicateTab" } },
  { chord: "Ctrl+Shift+R", action: { kind: "restart" } },
  ...numbers("Ctrl+Shift"),
  { chord: "Ctrl+Shift+C", action: { kind: "copy" } },
  { chord: "Ctrl+Insert", action: { kind: "copy" } },
  { chord: "Ctrl+Shift+V", action: { kind: "paste" } },
  { chord: "Shift+Insert", action: { kind: "paste" } },
  { chord: "Ctrl+Shift+A", action: { kind: "selectAll" } },
  { chord: "Ctrl+Shift+K", action: { kind: "clear" } },
  { chord: "F11", action: { kind: "fullScreen" } },
  { chord: "Ctrl+Shift+B", action: { kind: "toggleSidebar" } },
  { chord: "Ctrl+=", action: { kind: "zoom", by: 1 } },
  { chord: "Ctrl++", action: { kind: "zoom", by: 1 } },
  { chord: "Ctrl+Shift++", action: { kind: "zoom", by: 1 } },
  { chord: "Ctrl+-", action: { kind: "zoom", by: -1 } },
  { chord: "Ctrl+0", action: { kind: "zoom", by: 0 } },
];

const MAC: readonly Binding[] = [
  ...COMMON,
  { chord: "Cmd+T", action: { kind: "newTab" } },
  { chord: "Cmd+W", action: { kind: "closeTab" } },
  { chord: "Cmd+Shift+K", action: { kind: "duplicateTab" } },
  { chord: "Cmd+R", action: { kind: "restart" } },
  ...numbers("Cmd"),
  { chord: "Cmd+Shift+]", action: { kind: "switchTab", by: 1 } },
  { chord: "Cmd+Shift+[", action: { kind: "switchTab", by: -1 } },
  { chord: "Cmd+C", action: { kind: "copy" } },
  { chord: "Cmd+V", action: { kind: "paste" } },
  { chord: "Cmd+A", action: { kind: "selectAll" } },
  { chord: "Cmd+K", action: { kind: "clear" } },
  { chord: "Ctrl+Cmd+F", action: { kind: "fullScreen" } },
  { chord: "Cmd+B", action: { kind: "toggleSidebar" } },
  { chord: "Cmd+=", action: { kind: "zoom", by: 1 } },
  { chord: "Cmd++", action: { kind: "zoom", by: 1 } },
  { chord: "Cmd+-", action: { kind: "zoom", by: -1 } },
  { chord: "Cmd+0", action: { kind: "zoom", by: 0 } },
  { chord: "Cmd+Home", action: { kind: "scroll", to: "top" } },
  { chord: "Cmd+End", action: { kind: "scroll", to: "bottom" } },
];

const byChord = (bindings: readonly Binding[]) =>
  new Map(bindings.map(({ chord, action }) => [chord.toLowerCase(), action]));
const TABLES = { other: byChord(LINUX_AND_WINDOWS), mac: byChord(MAC) };

/** What the application does with a key, or null where it is not its own. */
export function actionFor(press: KeyPress, mac: boolean): Action | null {
  const table = mac ? TABLES.mac : TABLES.other;
  for (const key of keyNames(press)) {
    const chord = [
      press.ctrlKey ? "ctrl" : "",
      press.altKey ? "alt" : "",
      press.metaKey ? "cmd" : "",
      press.shiftKey ? "shift" : "",
      key,
    ]
      .filter(Boolean)
      .join("+");
    const action = table.get(chord);
    if (action) return action;
  }
  return null;
}

/** Digits go by their place, since Shift makes other characters of them; letters by what the key produces. */
function keyNames({ key, code }: KeyPress): readonly string[] {
  const digit = /^Digit(\d)$/.exec(code)?.[1];
  if (digit !== undefined) return [digit, key.toLowerCase()];
  if (code === "BracketLeft" || code === "BracketRight") return [code === "BracketLeft" ? "[" : "]", key];
  if (/^[\p{L}]$/u.test(key) && !/^[a-z]$/i.test(key)) {
    const place = /^Key([A-Z])$/.exec(code)?.[1];
    if (place !== undefined) return [place.toLowerCase()];
  }
  return [key.toLowerCase()];
}

/** The chord that does exactly this, or an empty text. */
export function chordOf(wanted: Action, mac: boolean): string {
  const same = JSON.stringify(wanted);
  return (mac ? MAC : LINUX_AND_WINDOWS).find(({ action }) => JSON.stringify(action) === same)?.chord ?? "";
}

/** The chord to show for an action, or an empty text. */
export function chordFor(kind: Action["kind"], mac: boolean): string {
  return (mac ? MAC : LINUX_AND_WINDOWS).find(({ action }) => action.kind === kind)?.chord ?? "";
}
