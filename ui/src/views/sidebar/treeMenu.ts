/** The menus of the sidebar's tree: everything that can be done, for one thing or for many. */
import type { Controller } from "../../control/controller";
import type { Profile } from "../../generated/Profile";
import { ENVIRONMENTS } from "../../model/profileForm";
import { itemsOf, SORT_ORDERS, type SortOrder, type TreeNode } from "../../model/profileTree";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import type { MenuEntry } from "../ContextMenu";

const text = strings.tree;

interface About {
  /** Where the menu was opened. */
  readonly node: TreeNode;
  /** What it is about: the node, or all that is selected. */
  readonly about: readonly TreeNode[];
  readonly profiles: readonly Profile[];
  readonly controller: Controller;
  readonly rename: () => void;
  readonly newFolder: (parent: string) => void;
}

export function treeEntries(what: About): readonly MenuEntry[] {
  const { node, about } = what;
  if (node.kind === "section") return sectionEntries(what);
  if (about.length === 1 && node.kind === "folder")
    return folderEntries(what, node.path, node.own, node.name);
  return profileEntries(what);
}

function sectionEntries({ node, controller }: About): readonly MenuEntry[] {
  if (node.kind !== "section" || node.section !== "recents") return [];
  return [
    { id: "forget", label: text.forgetRecents, run: () => void controller.profiles.forgetRecents(null) },
  ];
}

function folderEntries(
  { about, profiles, controller, rename, newFolder }: About,
  path: string,
  own: boolean,
  name: string,
): readonly MenuEntry[] {
  const inside = profiles.filter(({ folder }) => folder === path || folder.startsWith(`${path}/`));
  const items = itemsOf(about);
  return [
    {
      id: "openAll",
      label: text.openAll(inside.length),
      testId: testIds.menuOpen,
      disabled: inside.length === 0 || inside.length > 20,
      run: () => inside.forEach((profile) => controller.tabs.open(profile)),
    },
    {
      id: "newProfile",
      label: text.newProfileIn,
      apart: true,
      run: () => controller.profiles.edit(null, path),
    },
    {
      id: "newFolder",
      label: text.newFolderIn,
      testId: testIds.menuNewFolder,
      run: () => newFolder(path),
    },
    {
      id: "rename",
      label: text.rename,
      chord: "F2",
      testId: testIds.menuRename,
      apart: true,
      disabled: !own,
      run: rename,
    },
    {
      id: "move",
      label: text.moveTo,
      testId: testIds.menuMove,
      disabled: !own,
      run: () => controller.profiles.askToMove(items, name),
    },
    {
      id: "delete",
      label: strings.menu.remove,
      chord: "Delete",
      testId: testIds.menuDelete,
      danger: true,
      apart: true,
      disabled: !own,
      run: () => void controller.profiles.delete(items, name),
    },
  ];
}

function profileEntries({ node, about, controller, rename }: About): readonly MenuEntry[] {
  const profiles = [
    ...new Map(
      about.flatMap((each) => (each.kind === "profile" ? [[each.profile.id, each.profile] as const] : [])),
    ).values(),
  ];
  const items = itemsOf(about);
  const one = about.length === 1 && node.kind === "profile" ? node.profile : null;
  const what = one ? one.name : text.several(about.length);
  const open: readonly MenuEntry[] = [
    {
      id: "open",
      label: one ? strings.menu.open : text.openAll(profiles.length),
      chord: "Enter",
      testId: testIds.menuOpen,
      disabled: profiles.length === 0,
      run: () => profiles.forEach((profile) => controller.tabs.open(profile)),
    },
    ...(one
      ? [
          {
            id: "background",
            label: text.openBackground,
            chord: controller.mac ? "Cmd+Enter" : "Ctrl+Enter",
            run: () => controller.tabs.open(one, { place: "background" }),
          },
          {
            id: "right",
            label: text.openRight,
            chord: "Shift+Enter",
            run: () => controller.tabs.open(one, { place: "right" }),
          },
        ]
      : []),
  ];
  const ids = profiles.filter(({ builtIn }) => !builtIn).map(({ id }) => id);
  if (ids.length === 0 && items.length === 0) return open;
  const teams = profiles.filter(({ origin }) => origin.kind === "team");
  const favourite = profiles.length > 0 && profiles.every((profile) => profile.favourite);
  const team = one !== null && teams.length === 1;
  return [
    ...open,
    ...(one
      ? [
          {
            id: "edit",
            label: team ? text.view : strings.menu.edit,
            testId: testIds.menuEdit,
            apart: true,
            run: () => controller.profiles.edit(one),
          },
          {
            id: "rename",
            label: text.rename,
            chord: "F2",
            testId: testIds.menuRename,
            run: rename,
          },
        ]
      : []),
    {
      id: "duplicate",
      label: team ? text.ownCopy : strings.menu.duplicate,
      testId: testIds.menuDuplicate,
      apart: one === null,
      disabled: ids.length === 0,
      run: () => void controller.profiles.duplicate(profiles.filter(({ builtIn }) => !builtIn)),
    },
    {
      id: "favourite",
      label: favourite ? text.notFavourite : text.favourite,
      testId: testIds.menuFavourite,
      disabled: ids.length === 0,
      run: () => void controller.profiles.revise(ids, { kind: "favourite", favourite: !favourite }),
    },
    {
      id: "move",
      label: text.moveTo,
      testId: testIds.menuMove,
      run: () => controller.profiles.askToMove(items, what),
    },
    ...[...ENVIRONMENTS, null]
      .filter((environment) => profiles.some((profile) => profile.environment !== environment))
      .map((environment, index): MenuEntry => ({
        id: `environment-${environment ?? "none"}`,
        label:
          environment === null
            ? text.noEnvironment
            : text.environment(strings.form.environments[environment].toLowerCase()),
        apart: index === 0,
        disabled: ids.length === 0,
        run: () => void controller.profiles.revise(ids, { kind: "environment", environment }),
      })),
    ...(one && node.kind === "profile" && node.key.startsWith("recents:")
      ? [
          {
            id: "forget",
            label: text.forget,
            apart: true,
            run: () => void controller.profiles.forgetRecents(one.id),
          },
        ]
      : []),
    ...(one?.origin.kind === "team" && one.origin.overridden.length > 0
      ? [{ id: "reset", label: text.resetTeam, apart: true, run: () => void controller.profiles.reset(one) }]
      : []),
    {
      id: "delete",
      label: strings.menu.remove,
      chord: "Delete",
      testId: testIds.menuDelete,
      danger: true,
      apart: true,
      disabled: teams.length > 0 || items.length === 0,
      run: () => void controller.profiles.delete(items, what),
    },
  ];
}

export function optionEntries({
  sort,
  setSort,
  newFolder,
  expandAll,
  forgetRecents,
}: {
  readonly sort: SortOrder;
  readonly setSort: (sort: SortOrder) => void;
  readonly newFolder: () => void;
  readonly expandAll: (open: boolean) => void;
  readonly forgetRecents: (() => void) | null;
}): readonly MenuEntry[] {
  return [
    { id: "newFolder", label: text.newFolder, testId: testIds.menuNewFolder, run: newFolder },
    ...SORT_ORDERS.map((order, index) => ({
      id: order,
      label: text.sort[order],
      apart: index === 0,
      ...(order === sort ? { chord: "✓" } : {}),
      run: () => setSort(order),
    })),
    { id: "expandAll", label: text.expandAll, apart: true, run: () => expandAll(true) },
    { id: "collapseAll", label: text.collapseAll, run: () => expandAll(false) },
    {
      id: "forget",
      label: text.forgetRecents,
      apart: true,
      disabled: forgetRecents === null,
      run: () => forgetRecents?.(),
    },
  ];
}
