/** What settings there are, for whoever shows them; what they are is the backend's to say. */
import type { Settings } from "../generated/Settings";
import type { SettingsState } from "../generated/SettingsState";
import { strings } from "../strings";

/** Until the backend has answered, and in the demo. */
export const DEFAULT_SETTINGS: Settings = {
  appearance: "system",
  themeLight: "Sessiondeck Light",
  themeDark: "Sessiondeck Dark",
  language: "system",
  reducedMotion: false,
  terminal: {
    fontFamily: null,
    fontSize: 13,
    lineHeight: 1,
    letterSpacing: 0,
    fontWeight: 400,
    scrollback: 10_000,
    cursorStyle: "block",
    cursorBlink: false,
    bell: "none",
    copyOnSelect: false,
    rightClick: "menu",
    pasteGuard: "risky",
    clipboardWrite: "ask",
    ligatures: false,
    images: false,
    minimumContrast: 4.5,
    renderer: "auto",
    screenReader: false,
    wordSeparators: " ()[]{}'\",`|│┃║",
    scrollbackBudgetMb: 512,
  },
  tabs: { restoreLayout: true, confirmCloseLive: true, newTabNextToCurrent: false },
  notifications: { enabled: true, longCommandSeconds: 10, onSilence: false },
  recording: { byDefault: false, retentionDays: 30, maxTotalMb: 1024 },
  keys: { preset: "sessiondeck", overrides: {} },
};

export const INITIAL_SETTINGS: SettingsState = {
  settings: DEFAULT_SETTINGS,
  defaults: DEFAULT_SETTINGS,
  problems: [],
  readOnly: null,
  path: "",
};

export type SettingValue = boolean | number | string | null | Readonly<Record<string, string>>;

export type Control =
  | { readonly kind: "switch" }
  | { readonly kind: "number"; readonly min: number; readonly max: number; readonly step: number }
  | { readonly kind: "choice"; readonly choices: readonly (readonly [value: string, label: string])[] }
  | { readonly kind: "text"; readonly max: number }
  | { readonly kind: "font" }
  | { readonly kind: "theme" };

export type SectionId = keyof typeof strings.settings.sections;
export type SettingKey = keyof typeof strings.settings.items;

export interface SettingSpec {
  /** As the file has it, with its table. */
  readonly key: SettingKey;
  readonly section: SectionId;
  readonly control: Control;
}

const onOff: Control = { kind: "switch" };
const number = (min: number, max: number, step = 1): Control => ({ kind: "number", min, max, step });
const choice = (values: Readonly<Record<string, string>>): Control => ({
  kind: "choice",
  choices: Object.entries(values),
});
const of = (section: SectionId, ...items: readonly (readonly [SettingKey, Control])[]) =>
  items.map(([key, control]): SettingSpec => ({ key, section, control }));

const words = strings.settings.choices;

/** What the page shows. The file may hold more: what nothing follows yet is not offered. */
export const SETTING_SPECS: readonly SettingSpec[] = [
  ...of(
    "appearance",
    ["appearance", choice(words.appearance)],
    ["themeLight", { kind: "theme" }],
    ["themeDark", { kind: "theme" }],
    ["reducedMotion", onOff],
  ),
  ...of(
    "text",
    ["terminal.fontFamily", { kind: "font" }],
    ["terminal.fontSize", number(6, 48)],
    ["terminal.lineHeight", number(1, 2, 0.05)],
    ["terminal.letterSpacing", number(-2, 8, 0.5)],
    ["terminal.fontWeight", number(100, 900, 100)],
    ["terminal.ligatures", onOff],
    ["terminal.minimumContrast", number(1, 21, 0.5)],
    ["terminal.cursorStyle", choice(words.cursorStyle)],
    ["terminal.cursorBlink", onOff],
  ),
  ...of(
    "terminal",
    ["terminal.scrollback", number(0, 1_000_000, 1_000)],
    ["terminal.scrollbackBudgetMb", number(16, 8_192, 16)],
    ["terminal.copyOnSelect", onOff],
    ["terminal.rightClick", choice(words.rightClick)],
    ["terminal.pasteGuard", choice(words.pasteGuard)],
    ["terminal.clipboardWrite", choice(words.clipboardWrite)],
    ["terminal.wordSeparators", { kind: "text", max: 100 }],
    ["terminal.bell", choice(words.bell)],
    ["terminal.renderer", choice(words.renderer)],
    ["terminal.screenReader", onOff],
  ),
  ...of(
    "recording",
    ["recording.byDefault", onOff],
    ["recording.retentionDays", number(1, 3_650)],
    ["recording.maxTotalMb", number(10, 1_000_000, 10)],
  ),
];

/** The value at a key such as `terminal.fontSize`. */
export function valueAt(settings: Settings, key: string): SettingValue {
  let value: unknown = settings;
  for (const part of key.split(".")) value = (value as Readonly<Record<string, unknown>>)[part];
  return value as SettingValue;
}

/** The settings with another value at a key. */
export function withValue(settings: Settings, key: string, value: SettingValue): Settings {
  const [head = "", ...rest] = key.split(".");
  const inside = (settings as unknown as Readonly<Record<string, unknown>>)[head];
  const next = rest.length === 0 ? value : withValue(inside as Settings, rest.join("."), value);
  return { ...settings, [head]: next };
}

export const isChanged = ({ settings, defaults }: SettingsState, key: string): boolean =>
  JSON.stringify(valueAt(settings, key)) !== JSON.stringify(valueAt(defaults, key));

/** Whether every word typed is in one of these texts. */
export function matchesSearch(typed: string, ...texts: readonly string[]): boolean {
  const all = texts.join(" ").toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
