/** The menu of the whole application: on a Mac the system's menu bar shows it, elsewhere a button of the window. */
import type { MenuSection } from "../generated/MenuSection";
import { strings } from "../strings";
import { type Action, actionById, type ActionId } from "./actions";
import { keymap } from "./bindings";

const OWN = ["newProfile", "import", "export", "aws", "firstSignIn", "about", "quit"] as const;

/** What only the menu does. */
export type OwnKind = (typeof OWN)[number];

/** What an entry does: what a key does as well, or something of its own. */
export type MenuDoes = Action | { readonly kind: OwnKind };

export interface AppMenuEntry {
  readonly id: ActionId | OwnKind;
  readonly does: MenuDoes;
  readonly apart?: true;
}

export const APP_MENU: readonly {
  readonly id: keyof typeof strings.desktop.sections;
  readonly entries: readonly AppMenuEntry[];
}[] = [
  {
    id: "file",
    entries: [
      { id: "newTab", does: { kind: "newTab" } },
      { id: "quickConnect", does: { kind: "quickConnect" } },
      { id: "newProfile", does: { kind: "newProfile" } },
      { id: "import", does: { kind: "import" }, apart: true },
      { id: "export", does: { kind: "export" } },
      { id: "aws", does: { kind: "aws" }, apart: true },
      { id: "firstSignIn", does: { kind: "firstSignIn" } },
      { id: "showSettings", does: { kind: "showSettings" } },
      { id: "quit", does: { kind: "quit" }, apart: true },
    ],
  },
  {
    id: "edit",
    entries: [
      { id: "copy", does: { kind: "copy" } },
      { id: "paste", does: { kind: "paste" } },
      { id: "selectAll", does: { kind: "selectAll" } },
      { id: "clear", does: { kind: "clear" }, apart: true },
    ],
  },
  {
    id: "view",
    entries: [
      { id: "showPalette", does: { kind: "showPalette" } },
      { id: "toggleSidebar", does: { kind: "toggleSidebar" } },
      { id: "zoomIn", does: { kind: "zoom", by: 1 }, apart: true },
      { id: "zoomOut", does: { kind: "zoom", by: -1 } },
      { id: "zoomReset", does: { kind: "zoom", by: 0 } },
      { id: "showRecordings", does: { kind: "showRecordings" }, apart: true },
      { id: "fullScreen", does: { kind: "fullScreen" }, apart: true },
    ],
  },
  {
    id: "tab",
    entries: [
      { id: "closeTab", does: { kind: "closeTab" } },
      { id: "duplicateTab", does: { kind: "duplicateTab" } },
      { id: "restart", does: { kind: "restart" } },
      { id: "nextTab", does: { kind: "switchTab", by: 1 }, apart: true },
      { id: "previousTab", does: { kind: "switchTab", by: -1 } },
      { id: "moveTabLeft", does: { kind: "moveTab", by: -1 } },
      { id: "moveTabRight", does: { kind: "moveTab", by: 1 } },
    ],
  },
  { id: "help", entries: [{ id: "about", does: { kind: "about" } }] },
];

const isOwn = (does: MenuDoes): does is { readonly kind: OwnKind } => OWN.some((kind) => kind === does.kind);

/** The entry's one name. */
export const menuName = ({ id }: AppMenuEntry): string =>
  OWN.some((own) => own === id) ? strings.desktop.actions[id as OwnKind] : (actionById(id)?.name ?? id);

/** The entry's key, or an empty text. */
export const menuChord = ({ id, does }: AppMenuEntry, mac: boolean): string =>
  isOwn(does) ? "" : (keymap(mac).bindingsOf(id as ActionId)[0]?.chord ?? "");

/** What a key does as well; null for what only the menu does. */
export const menuAction = ({ does }: AppMenuEntry): Action | null => (isOwn(does) ? null : does);

/** What only the menu does; null for what a key does as well. */
export const menuOwn = ({ does }: AppMenuEntry): OwnKind | null => (isOwn(does) ? does.kind : null);

export const menuEntry = (id: string): AppMenuEntry | null =>
  APP_MENU.flatMap(({ entries }) => entries).find((entry) => entry.id === id) ?? null;

/** The same for the system's menu bar. */
export const systemMenu = (mac: boolean): readonly MenuSection[] =>
  APP_MENU.map(({ id, entries }) => ({
    name: strings.desktop.sections[id],
    items: entries.map((entry) => ({
      id: entry.id,
      name: menuName(entry),
      chord: menuChord(entry, mac) || null,
      apart: entry.apart === true,
    })),
  }));
