/** The settings: fetched, followed and changed; what they say of colours, text and keys holds at once. */
import type { SettingChange } from "../generated/SettingChange";
import type { SettingsState } from "../generated/SettingsState";
import { setKeys } from "../model/bindings";
import { type SettingValue, valueAt, withValue } from "../model/settings";
import { BUILT_IN_THEMES, NATIVE_DARK, NATIVE_LIGHT } from "../model/themes/builtIn";
import type { Theme } from "../model/themes/colours";
import { COLOUR_NAMES, type Colours } from "../model/themes/colours";
import { forceAppearance, isDarkNow, setTerminalColours } from "./appearance";
import { strings } from "../strings";
import type { Desk } from "./desk";
import type { TerminalControl } from "./terminalControl";
import type { WindowControl } from "./windowControl";

/** While somebody drags or types, the file is written now and then only. */
const WRITE_AFTER_MS = 150;

export class SettingsControl {
  readonly #waiting = new Map<string, SettingChange>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #writing = false;
  #heard: SettingsState | null = null;

  constructor(
    private readonly desk: Desk,
    private readonly terminals: TerminalControl,
    private readonly window: WindowControl,
  ) {}

  /** Fetches the settings and follows them for as long as the window is there. */
  async load(): Promise<void> {
    try {
      await this.desk.host.listenSettings((state) => this.#arrived(state));
      const [state] = await Promise.all([this.desk.host.settings(), this.loadThemes()]);
      this.#arrived(state);
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  async loadThemes(): Promise<void> {
    const stored = await this.desk.host.listThemes();
    const own = stored
      .filter(({ colours }) => COLOUR_NAMES.every((name) => name in colours))
      .map(({ name, colours }): Theme => ({ name, colours: colours as Colours, credit: null }));
    this.desk.set({ ownThemes: own });
    this.apply();
  }

  show(): void {
    this.desk.set({ dialog: { kind: "settings" } });
  }

  /** Holds at once and is in the file a moment later; null as value is the default. */
  change(key: string, value: SettingValue): void {
    this.#waiting.set(key, { key, value });
    const { settings } = this.desk.store.state();
    const shown = value ?? valueAt(settings.defaults, key);
    this.desk.set({ settings: { ...settings, settings: withValue(settings.settings, key, shown) } });
    this.apply();
    this.#timer ??= setTimeout(() => void this.#write(), WRITE_AFTER_MS);
  }

  async #write(): Promise<void> {
    this.#timer = null;
    if (this.#writing) return;
    const changes = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#writing = true;
    let after: SettingsState | null = null;
    try {
      after = await this.desk.host.changeSettings(changes);
    } catch (reason) {
      this.desk.showError(reason);
      // What the file says holds.
      after = await this.desk.host.settings().catch(() => this.#heard);
    }
    this.#writing = false;
    if (this.#waiting.size > 0) this.#timer ??= setTimeout(() => void this.#write(), WRITE_AFTER_MS);
    else if (after) this.#arrived(after);
  }

  #arrived(state: SettingsState): void {
    this.#heard = state;
    // What is being changed here is newer.
    if (this.#waiting.size > 0 || this.#writing) return;
    this.desk.set({ settings: state });
    this.apply();
  }

  /** Brings window and terminals to what the settings and the system say. */
  apply(): void {
    const {
      settings: { settings },
    } = this.desk.store.state();
    forceAppearance(settings.appearance, settings.reducedMotion);
    const dark = isDarkNow(settings.appearance);
    const wanted = dark ? settings.themeDark : settings.themeLight;
    // The window's own colours have a variant for more contrast, so they stay where they belong.
    const native = wanted === (dark ? NATIVE_DARK : NATIVE_LIGHT);
    setTerminalColours(native ? null : (this.theme(wanted)?.colours ?? null));
    setKeys(settings.keys);
    this.window.setBaseFontSize(settings.terminal.fontSize);
    this.terminals.panes.setPreferences(settings.terminal);
    this.terminals.forEach((terminal) => terminal.refreshTheme());
  }

  theme(name: string): Theme | null {
    return this.themes().find((each) => each.name === name) ?? null;
  }

  /** Those of the person first: one that has the name of another takes its place. */
  themes(): readonly Theme[] {
    const { ownThemes } = this.desk.store.state();
    return [
      ...ownThemes,
      ...BUILT_IN_THEMES.filter(({ name }) => !ownThemes.some((own) => own.name === name)),
    ];
  }

  async saveTheme({ name, colours }: Theme): Promise<boolean> {
    try {
      await this.desk.host.saveTheme({ name, colours });
      await this.loadThemes();
      this.desk.toast("plain", strings.settings.themes.saved(name));
      return true;
    } catch (reason) {
      this.desk.showError(reason);
      return false;
    }
  }

  async deleteTheme(name: string): Promise<void> {
    try {
      await this.desk.host.deleteTheme(name);
      await this.loadThemes();
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  async openFile(): Promise<void> {
    try {
      await this.desk.host.openSettingsFile();
    } catch (reason) {
      this.desk.showError(reason);
    }
  }
}
