/** The tree of the sidebar as data: sections, folders and profiles in the order in which they are shown. */
import type { Profile } from "../generated/Profile";
import type { TreeItem } from "../generated/TreeItem";
import type { ProfileTree } from "./appState";
import { matches, wordsOf } from "./profiles";

export type SortOrder = "manual" | "name" | "recent";
export const SORT_ORDERS: readonly SortOrder[] = ["manual", "name", "recent"];

export type TreeNode =
  | {
      readonly kind: "section";
      readonly key: string;
      readonly section: "favourites" | "recents";
      readonly nodes: readonly TreeNode[];
    }
  | {
      readonly kind: "folder";
      readonly key: string;
      readonly path: string;
      readonly name: string;
      readonly own: boolean;
      /** How many profiles are in it and below. */
      readonly count: number;
      readonly nodes: readonly TreeNode[];
    }
  | {
      readonly kind: "profile";
      readonly key: string;
      readonly profile: Profile;
      /** Stands in a section, and its own place is elsewhere. */
      readonly shortcut: boolean;
      readonly nodes: readonly TreeNode[];
    };

/** What has been opened and closed by hand; the rest is as {@link isExpanded} says. */
export type Expansion = Readonly<Record<string, boolean>>;

/** Most recents that are shown. */
const RECENTS_MAX = 8;
/** Most found that are shown: nobody reads more, and every letter must be quick. */
export const FOUND_MAX = 100;
/** With more profiles, folders begin closed. */
const SMALL = 100;

const NONE: readonly TreeNode[] = [];

const byName = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const joined = (parent: string, name: string): string => (parent === "" ? name : `${parent}/${name}`);
export const folderKey = (path: string): string => `folder:${path}`;
export const profileKey = (id: string): string => `profile:${id}`;

export function isExpanded(expansion: Expansion, key: string, total: number): boolean {
  return expansion[key] ?? (key.startsWith("section:") || total <= SMALL);
}

/** Everything there is; what is in closed folders is left out. */
export function treeOf(
  profiles: readonly Profile[],
  { folders, recents }: ProfileTree,
  sort: SortOrder,
  expansion: Expansion,
): readonly TreeNode[] {
  const openedMs = new Map(recents.map(({ id, openedMs: ms }) => [id, ms]));
  const sorted =
    sort === "manual"
      ? profiles
      : profiles.toSorted((one, other) => {
          const recent = sort === "recent" ? (openedMs.get(other.id) ?? 0) - (openedMs.get(one.id) ?? 0) : 0;
          return recent !== 0 ? recent : byName.compare(one.name, other.name);
        });
  const inside = new Map<string, Profile[]>();
  for (const profile of sorted) {
    const there = inside.get(profile.folder);
    if (there) there.push(profile);
    else inside.set(profile.folder, [profile]);
  }
  const below = new Map<string, string[]>();
  const own = new Map(folders.map((folder) => [folder.path, folder.own]));
  for (const path of own.keys()) {
    const parent = parentOf(path);
    const there = below.get(parent);
    if (there) there.push(path);
    else below.set(parent, [path]);
  }
  const counts = new Map<string, number>();
  for (const [path, there] of inside) {
    for (let each = path; each !== ""; each = parentOf(each))
      counts.set(each, (counts.get(each) ?? 0) + there.length);
  }
  const profileNode = (profile: Profile): TreeNode => ({
    kind: "profile",
    key: profileKey(profile.id),
    profile,
    shortcut: false,
    nodes: NONE,
  });
  const nodesOf = (path: string): readonly TreeNode[] => [
    ...(below.get(path) ?? [])
      .toSorted((one, other) => byName.compare(one, other))
      .map((each): TreeNode => ({
        kind: "folder",
        key: folderKey(each),
        path: each,
        name: nameOf(each),
        own: own.get(each) ?? false,
        count: counts.get(each) ?? 0,
        nodes: isExpanded(expansion, folderKey(each), profiles.length) ? nodesOf(each) : NONE,
      })),
    ...(inside.get(path) ?? []).map(profileNode),
  ];
  const section = (name: "favourites" | "recents", list: readonly Profile[]): readonly TreeNode[] =>
    list.length === 0
      ? NONE
      : [
          {
            kind: "section",
            key: `section:${name}`,
            section: name,
            nodes: isExpanded(expansion, `section:${name}`, profiles.length)
              ? list.map((profile) => ({
                  ...profileNode(profile),
                  key: `${name}:${profile.id}`,
                  shortcut: true,
                }))
              : NONE,
          },
        ];
  const byId = new Map(profiles.map((profile) => [profile.id, profile]));
  const opened = recents
    .map(({ id }) => byId.get(id))
    .filter((profile) => profile !== undefined)
    .slice(0, RECENTS_MAX);
  return [
    ...section(
      "favourites",
      sorted.filter(({ favourite }) => favourite),
    ),
    // With a handful of profiles the section would only say everything twice.
    ...(profiles.length > RECENTS_MAX ? section("recents", opened) : NONE),
    ...nodesOf(""),
  ];
}

/** What is found by what is typed, the best first: names that begin with it, names that hold it, the rest. */
export function found(
  profiles: readonly Profile[],
  typed: string,
): { readonly nodes: readonly TreeNode[]; readonly count: number } {
  const words = wordsOf(typed);
  const first = words[0] ?? "";
  const rank = ({ name }: Profile): number => {
    const at = name.toLocaleLowerCase().indexOf(first);
    return at === 0 ? 0 : at > 0 ? 1 : 2;
  };
  const all = profiles.filter((profile) => matches(profile, words));
  const ranked: Profile[][] = [[], [], []];
  for (const profile of all) ranked[rank(profile)]?.push(profile);
  return {
    nodes: ranked
      .flat()
      .slice(0, FOUND_MAX)
      .map((profile) => ({
        kind: "profile",
        key: profileKey(profile.id),
        profile,
        shortcut: false,
        nodes: NONE,
      })),
    count: all.length,
  };
}

/** Every node that is shown, by its key. */
export function byKey(nodes: readonly TreeNode[]): ReadonlyMap<string, TreeNode> {
  const all = new Map<string, TreeNode>();
  const add = (node: TreeNode) => {
    all.set(node.key, node);
    node.nodes.forEach(add);
  };
  nodes.forEach(add);
  return all;
}

/** What can be moved and deleted of the nodes. */
export function itemsOf(nodes: readonly TreeNode[]): readonly TreeItem[] {
  return nodes.flatMap((node): TreeItem[] => {
    if (node.kind === "profile")
      return node.profile.builtIn ? [] : [{ kind: "profile", id: node.profile.id }];
    return node.kind === "folder" && node.own ? [{ kind: "folder", path: node.path }] : [];
  });
}

/** Where something goes that is dropped: into a folder, before a profile or behind all others. */
export interface Place {
  readonly folder: string;
  readonly before: string | null;
}

/** Null where nothing can be dropped. */
export function placeOf(
  profiles: readonly Profile[],
  target: TreeNode,
  position: "on" | "before" | "after",
  moved: ReadonlySet<string>,
): Place | null {
  if (target.kind === "section") return null;
  if (target.kind === "folder") {
    return { folder: position === "on" ? target.path : parentOf(target.path), before: null };
  }
  if (target.shortcut || position === "on" || target.profile.builtIn) return null;
  const { folder, id } = target.profile;
  if (position === "before") return { folder, before: id };
  const siblings = profiles.filter((each) => each.folder === folder && !moved.has(each.id));
  const next = siblings[siblings.findIndex((each) => each.id === id) + 1];
  return { folder, before: next?.origin.kind === "personal" ? next.id : null };
}
