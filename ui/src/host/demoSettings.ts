/** The settings' part of the demo host: in memory, with a problem or read-only where the address says so. */
import type { SettingChange } from "../generated/SettingChange";
import type { SettingsState } from "../generated/SettingsState";
import type { StoredTheme } from "../generated/StoredTheme";
import { INITIAL_SETTINGS, valueAt, withValue } from "../model/settings";
import type { Host } from "./host";

type SettingsHost = Pick<
  Host,
  | "settings"
  | "changeSettings"
  | "listenSettings"
  | "openSettingsFile"
  | "systemFonts"
  | "listThemes"
  | "saveTheme"
  | "deleteTheme"
>;

/** `wrong`: a line of the file does not count. */
export function demoSettings(mode: string | null): SettingsHost {
  let state: SettingsState = {
    ...INITIAL_SETTINGS,
    path: "/home/ana/.config/sessiondeck/settings.toml",
    problems:
      mode === "wrong"
        ? [
            {
              line: 7,
              message: "`terminal.fontSize` must be a number from 6 to 48; it has its default.",
            },
          ]
        : [],
  };
  let themes: readonly StoredTheme[] = [];
  const change = (changes: readonly SettingChange[]) => {
    for (const { key, value } of changes) {
      const settings = withValue(state.settings, key, value ?? valueAt(state.defaults, key));
      state = { ...state, settings };
    }
    return state;
  };
  return {
    settings: () => Promise.resolve(state),
    changeSettings: (changes) => Promise.resolve(change(changes)),
    listenSettings: () => Promise.resolve(() => undefined),
    openSettingsFile: () => Promise.resolve(),
    systemFonts: () => Promise.resolve(["DejaVu Sans Mono", "Liberation Mono", "Noto Sans Mono"]),
    listThemes: () => Promise.resolve(themes),
    saveTheme: (theme) => {
      themes = [...themes.filter(({ name }) => name !== theme.name), theme];
      return Promise.resolve();
    },
    deleteTheme: (name) => {
      themes = themes.filter((each) => each.name !== name);
      return Promise.resolve();
    },
  };
}
