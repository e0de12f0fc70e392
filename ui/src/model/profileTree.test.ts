import { describe, expect, it } from "vitest";

import type { Profile } from "../generated/Profile";
import { EMPTY_DRAFT } from "./profiles";
import { byKey, found, itemsOf, placeOf, type TreeNode, treeOf } from "./profileTree";

const profile = (id: string, folder = "", more: Partial<Profile> = {}): Profile => ({
  id,
  builtIn: false,
  origin: { kind: "personal" },
  ...EMPTY_DRAFT,
  name: id,
  folder,
  ...more,
});
const folders = (...paths: string[]) => ({
  folders: paths.map((path) => ({ path, own: true })),
  recents: [],
  file: "",
});
const shown = (nodes: readonly TreeNode[], depth = 0): string[] =>
  nodes.flatMap((node) => [
    "  ".repeat(depth) + (node.kind === "profile" ? node.profile.name : `${node.key.split(":")[1] ?? ""}/`),
    ...shown(node.nodes, depth + 1),
  ]);

const all = [profile("web-10", "a"), profile("web-2", "a"), profile("top"), profile("deep", "a/b")];

describe("the tree", () => {
  it("holds folders by name, then profiles in the order asked for", () => {
    expect(shown(treeOf(all, folders("c", "a", "a/b"), "manual", {}))).toEqual([
      "a/",
      "  a/b/",
      "    deep",
      "  web-10",
      "  web-2",
      "c/",
      "top",
    ]);
    expect(shown(treeOf(all, folders("a", "a/b"), "name", {})).slice(3, 5)).toEqual(["  web-2", "  web-10"]);
    const recents = [{ id: "web-10", openedMs: 5 }];
    const recent = treeOf(all, { ...folders("a", "a/b"), recents }, "recent", {});
    expect(shown(recent).slice(3, 5)).toEqual(["  web-10", "  web-2"]);
  });

  it("leaves out what is closed, and counts it", () => {
    const tree = treeOf(all, folders("a", "a/b"), "manual", { "folder:a": false });
    expect(shown(tree)).toEqual(["a/", "top"]);
    expect(tree[0]).toMatchObject({ count: 3 });
  });

  it("puts favourites and what was opened lately above, as shortcuts", () => {
    const many = Array.from({ length: 12 }, (_, index) =>
      profile(`p${index}`, "", { favourite: index === 3 }),
    );
    const recents = Array.from({ length: 12 }, (_, index) => ({ id: `p${index}`, openedMs: 100 - index }));
    const tree = treeOf(many, { folders: [], recents, file: "" }, "manual", {});
    expect(shown(tree).slice(0, 4)).toEqual(["favourites/", "  p3", "recents/", "  p0"]);
    expect(tree[1]?.nodes).toHaveLength(8);
    expect(byKey(tree).get("recents:p0")).toMatchObject({ shortcut: true });
  });
});

it("finds the names that begin with it first", () => {
  const list = [profile("x", "", { notes: "web" }), profile("my-web"), profile("web-1"), profile("other")];
  expect(shown(found(list, "web").nodes)).toEqual(["web-1", "my-web", "x"]);
  expect(found(list, "none")).toEqual({ nodes: [], count: 0 });
});

it("knows where something dropped goes", () => {
  const tree = byKey(treeOf(all, folders("a", "a/b"), "manual", {}));
  const place = (key: string, position: "on" | "before" | "after", ...moved: string[]) => {
    const node = tree.get(key);
    return node ? placeOf(all, node, position, new Set(moved)) : undefined;
  };
  expect(place("folder:a/b", "on")).toEqual({ folder: "a/b", before: null });
  expect(place("folder:a/b", "before")).toEqual({ folder: "a", before: null });
  expect(place("profile:web-10", "before")).toEqual({ folder: "a", before: "web-10" });
  expect(place("profile:web-10", "after")).toEqual({ folder: "a", before: "web-2" });
  expect(place("profile:web-10", "after", "web-2")).toEqual({ folder: "a", before: null });
  expect(place("profile:web-10", "on")).toBeNull();
});

it("moves neither the built-in profile nor a folder that is only a team's", () => {
  const nodes: TreeNode[] = [
    {
      kind: "profile",
      key: "1",
      profile: profile("demo", "", { builtIn: true }),
      shortcut: false,
      nodes: [],
    },
    { kind: "folder", key: "2", path: "t", name: "t", own: false, count: 1, nodes: [] },
    { kind: "folder", key: "3", path: "o", name: "o", own: true, count: 1, nodes: [] },
  ];
  expect(itemsOf(nodes)).toEqual([{ kind: "folder", path: "o" }]);
});
