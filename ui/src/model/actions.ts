/**
 * Everything that a key, a menu or the palette can do, each with one name. To add an action is to add its entry here,
 * its name in the catalogue of strings, and what it does where actions are performed.
 *
 * Keys are chords such as `Ctrl+Shift+T`, the first of them the one to show. By default nothing that a shell reads is
 * taken: no Ctrl+letter, no Alt+key and no plain key (`chords.ts` knows which those are).
 */
import { strings } from "../strings";

export type ActionGroup = keyof typeof strings.actions.groups;

/** Default chords: on a Mac, and everywhere else. */
export interface DefaultKeys {
  readonly other: readonly string[];
  readonly mac: readonly string[];
}

/** What is known of an action besides how it is done. */
interface Entry<Id extends string, Does extends { readonly kind: string }> {
  /** As settings name it; never changes. */
  readonly id: Id;
  readonly group: ActionGroup;
  readonly name: string;
  readonly action: Does;
  readonly keys: DefaultKeys;
}

const entry = <const Id extends string, const Does extends { readonly kind: string }>(
  id: Id,
  group: ActionGroup,
  name: string,
  action: Does,
  keys: DefaultKeys,
): Entry<Id, Does> => ({ id, group, name, action, keys });

const both = (...chords: readonly string[]): DefaultKeys => ({ other: chords, mac: chords });
const keys = (other: readonly string[], mac: readonly string[]): DefaultKeys => ({ other, mac });

const names = strings.actions;
const ARROWS = { left: "ArrowLeft", right: "ArrowRight", up: "ArrowUp", down: "ArrowDown" } as const;
const TAB_NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

export const ACTIONS = [
  entry("newTab", "tabs", names.newTab, { kind: "newTab" }, keys(["Ctrl+Shift+T"], ["Cmd+T"])),
  entry("closeTab", "tabs", names.closeTab, { kind: "closeTab" }, keys(["Ctrl+Shift+W"], ["Cmd+W"])),
  entry(
    "duplicateTab",
    "tabs",
    names.duplicateTab,
    { kind: "duplicateTab" },
    keys(["Ctrl+Shift+D"], ["Cmd+Shift+K"]),
  ),
  entry("restart", "tabs", names.restart, { kind: "restart" }, keys(["Ctrl+Shift+R"], ["Cmd+R"])),
  entry(
    "nextTab",
    "tabs",
    names.nextTab,
    { kind: "switchTab", by: 1 },
    keys(["Ctrl+Tab"], ["Ctrl+Tab", "Cmd+Shift+]"]),
  ),
  entry(
    "previousTab",
    "tabs",
    names.previousTab,
    { kind: "switchTab", by: -1 },
    keys(["Ctrl+Shift+Tab"], ["Ctrl+Shift+Tab", "Cmd+Shift+["]),
  ),
  ...TAB_NUMBERS.map((number) =>
    entry(
      `tab${number}`,
      "tabs",
      number === 9 ? names.lastTab : names.tabNumber(number),
      { kind: "goToTab", number },
      keys([`Ctrl+Shift+${number}`], [`Cmd+${number}`]),
    ),
  ),
  entry("moveTabLeft", "tabs", names.moveTabLeft, { kind: "moveTab", by: -1 }, both("Ctrl+Shift+PageUp")),
  entry("moveTabRight", "tabs", names.moveTabRight, { kind: "moveTab", by: 1 }, both("Ctrl+Shift+PageDown")),

  entry("reopenTab", "tabs", names.reopenTab, { kind: "reopenTab" }, keys(["Ctrl+Shift+Z"], ["Cmd+Shift+T"])),
  entry(
    "searchTabs",
    "tabs",
    names.searchTabs,
    { kind: "searchTabs" },
    keys(["Ctrl+Shift+G"], ["Cmd+Shift+A"]),
  ),
  entry("renameTab", "tabs", names.renameTab, { kind: "renameTab" }, keys(["Ctrl+Shift+N"], ["Cmd+Shift+N"])),
  entry("pinTab", "tabs", names.pinTab, { kind: "pinTab" }, keys(["Ctrl+Shift+J"], ["Cmd+Shift+J"])),
  entry("closeOthers", "tabs", names.closeOthers, { kind: "closeOthers" }, both()),
  entry("closeToRight", "tabs", names.closeToRight, { kind: "closeToRight" }, both()),
  entry("startAll", "tabs", names.startAll, { kind: "startAll" }, both()),
  entry(
    "splitRight",
    "panes",
    names.splitRight,
    { kind: "splitPane", axis: "row" },
    keys(["Ctrl+Shift+\\"], ["Cmd+D"]),
  ),
  entry(
    "splitDown",
    "panes",
    names.splitDown,
    { kind: "splitPane", axis: "column" },
    keys(["Ctrl+Shift+'"], ["Cmd+Shift+D"]),
  ),
  ...(["left", "right", "up", "down"] as const).map((direction) =>
    entry(
      `focusPane-${direction}`,
      "panes",
      names.focusPane[direction],
      { kind: "focusPane", direction },
      keys([`Ctrl+Shift+${ARROWS[direction]}`], [`Alt+Cmd+${ARROWS[direction]}`]),
    ),
  ),
  entry(
    "zoomPane",
    "panes",
    names.zoomPane,
    { kind: "zoomPane" },
    keys(["Ctrl+Shift+Enter"], ["Cmd+Shift+Enter"]),
  ),
  entry(
    "resizePane",
    "panes",
    names.resizePane,
    { kind: "resizePane" },
    keys(["Ctrl+Shift+M"], ["Cmd+Shift+E"]),
  ),
  entry("detachPane", "panes", names.detachPane, { kind: "detachPane" }, both()),
  entry(
    "toggleBroadcast",
    "panes",
    names.toggleBroadcast,
    { kind: "toggleBroadcast" },
    keys(["Ctrl+Shift+I"], ["Cmd+Shift+I"]),
  ),

  entry("copy", "terminal", names.copy, { kind: "copy" }, keys(["Ctrl+Shift+C", "Ctrl+Insert"], ["Cmd+C"])),
  entry(
    "paste",
    "terminal",
    names.paste,
    { kind: "paste" },
    keys(["Ctrl+Shift+V", "Shift+Insert"], ["Cmd+V"]),
  ),
  entry("selectAll", "terminal", names.selectAll, { kind: "selectAll" }, keys(["Ctrl+Shift+A"], ["Cmd+A"])),
  entry("clear", "terminal", names.clear, { kind: "clear" }, keys(["Ctrl+Shift+K"], ["Cmd+K"])),
  entry("find", "terminal", strings.terminal.find, { kind: "find" }, keys(["Ctrl+Shift+F"], ["Cmd+F"])),
  entry(
    "links",
    "terminal",
    strings.terminal.links,
    { kind: "links" },
    keys(["Ctrl+Shift+H"], ["Cmd+Shift+U"]),
  ),
  entry("readText", "terminal", strings.terminal.readText, { kind: "readText" }, both("Ctrl+Shift+F2")),
  entry(
    "toggleReadOnly",
    "terminal",
    strings.terminal.readOnly,
    { kind: "toggleReadOnly" },
    keys(["Ctrl+Shift+Y"], ["Cmd+Shift+Y"]),
  ),
  entry(
    "previousPrompt",
    "terminal",
    strings.terminal.previousPrompt,
    { kind: "prompt", by: -1 },
    keys(["Ctrl+Shift+["], ["Cmd+Shift+ArrowUp"]),
  ),
  entry(
    "nextPrompt",
    "terminal",
    strings.terminal.nextPrompt,
    { kind: "prompt", by: 1 },
    keys(["Ctrl+Shift+]"], ["Cmd+Shift+ArrowDown"]),
  ),
  entry("saveText", "terminal", strings.terminal.saveText, { kind: "saveText" }, both()),
  entry("copyAll", "terminal", strings.terminal.copyAll, { kind: "copyAll" }, both()),
  entry("resetTerminal", "terminal", strings.terminal.reset, { kind: "resetTerminal" }, both()),
  entry(
    "scrollToTop",
    "terminal",
    names.scrollToTop,
    { kind: "scroll", to: "top" },
    keys(["Shift+Home"], ["Shift+Home", "Cmd+Home"]),
  ),
  entry(
    "scrollToBottom",
    "terminal",
    names.scrollToBottom,
    { kind: "scroll", to: "bottom" },
    keys(["Shift+End"], ["Shift+End", "Cmd+End"]),
  ),

  entry(
    "showPalette",
    "window",
    strings.palette.show,
    { kind: "showPalette" },
    keys(["Ctrl+Shift+P"], ["Cmd+Shift+P"]),
  ),
  entry(
    "quickConnect",
    "tabs",
    strings.palette.connect,
    { kind: "quickConnect" },
    keys(["Ctrl+Shift+O"], ["Cmd+O"]),
  ),
  entry(
    "zoomIn",
    "window",
    names.zoomIn,
    { kind: "zoom", by: 1 },
    keys(["Ctrl+=", "Ctrl++", "Ctrl+Shift++"], ["Cmd+=", "Cmd++", "Cmd+Shift++"]),
  ),
  entry("zoomOut", "window", names.zoomOut, { kind: "zoom", by: -1 }, keys(["Ctrl+-"], ["Cmd+-"])),
  entry("zoomReset", "window", names.zoomReset, { kind: "zoom", by: 0 }, keys(["Ctrl+0"], ["Cmd+0"])),
  entry(
    "toggleSidebar",
    "window",
    names.toggleSidebar,
    { kind: "toggleSidebar" },
    keys(["Ctrl+Shift+B"], ["Cmd+B"]),
  ),
  entry("fullScreen", "window", names.fullScreen, { kind: "fullScreen" }, keys(["F11"], ["Ctrl+Cmd+F"])),
  entry(
    "toggleRecording",
    "terminal",
    names.toggleRecording,
    { kind: "toggleRecording" },
    keys(["Ctrl+Shift+E"], ["Alt+Cmd+R"]),
  ),
  entry(
    "showRecordings",
    "window",
    names.showRecordings,
    { kind: "showRecordings" },
    keys(["Ctrl+Shift+X"], ["Cmd+Shift+R"]),
  ),
  entry("showSettings", "window", names.showSettings, { kind: "showSettings" }, keys(["Ctrl+,"], ["Cmd+,"])),
  entry("nextRegion", "window", names.nextRegion, { kind: "focusRegion", by: 1 }, both("Ctrl+F6")),
  entry(
    "previousRegion",
    "window",
    names.previousRegion,
    { kind: "focusRegion", by: -1 },
    both("Ctrl+Shift+F6"),
  ),
] as const;

/** What the application can be told to do. */
export type Action = (typeof ACTIONS)[number]["action"];

/** An action's name in the settings. */
export type ActionId = (typeof ACTIONS)[number]["id"];

/** One row of the catalogue, whatever it does. */
export type ActionEntry = Entry<ActionId, Action>;

const BY_ID: ReadonlyMap<string, ActionEntry> = new Map(ACTIONS.map((each) => [each.id, each]));

/** The entry of this id; settings may name what an older or newer version had. */
export const actionById = (id: string): ActionEntry | null => BY_ID.get(id) ?? null;
