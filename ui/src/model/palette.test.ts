import { describe, expect, it } from "vitest";

import type { Profile } from "../generated/Profile";
import { ACTIONS } from "./actions";
import {
  entriesOf,
  type Findings,
  isPossible,
  MAX_RECENT,
  PaletteSearch,
  SHOWN,
  type Situation,
  targetIn,
  withUsed,
} from "./palette";
import { draftFrom, EMPTY_FORM, type ProfileForm } from "./profileForm";
import * as tabsModel from "./tabs";
import { NO_TABS, type Tabs } from "./tabs";

const profile = (name: string, more: Partial<ProfileForm> = {}): Profile => ({
  id: name,
  builtIn: false,
  origin: { kind: "personal" },
  ...draftFrom({ ...EMPTY_FORM, name, target: "i-0123456789abcdef0", ...more }),
});

const TEAM = [
  profile("api-1 production", { awsProfile: "prod", region: "eu-west-1", target: "i-0a1b2c3d4e5f60718" }),
  profile("api-2 production", { awsProfile: "prod", region: "eu-west-1", target: "i-0a1b2c3d4e5f60719" }),
  profile("Postgres replica", { awsProfile: "prod", region: "eu-central-1", target: "i-0fedcba9876543210" }),
  profile("Zoë’s sandbox", { awsProfile: "sandbox", region: "us-east-1" }),
];

const open = (...profiles: Profile[]): Tabs =>
  profiles.reduce((all, each, index) => tabsModel.openSession(all, `t${index + 1}`, each), NO_TABS);
const situation = (tabs: Tabs, more: Partial<Situation> = {}): Situation => ({
  tabs,
  broadcast: null,
  terminal: tabs.list.length > 0,
  selection: false,
  ...more,
});
const searchIn = (
  tabs: Tabs = NO_TABS,
  opened: readonly string[] = [],
  profiles: readonly Profile[] = TEAM,
) => new PaletteSearch(entriesOf(profiles, situation(tabs), false), ["action:zoomIn", "action:gone"], opened);
const ids = ({ groups }: Findings) => groups.flatMap(({ found }) => found.map(({ entry }) => entry.id));
const names = ({ groups }: Findings) =>
  groups.flatMap(({ found }) => found.map(({ entry }) => entry.fields[0].folded.text));

describe("before anything is typed", () => {
  const tabs = open(...TEAM.slice(0, 2));

  it("connections and tabs come first, behind > actions and settings", () => {
    const kinds = ({ groups }: Findings) => groups.map(({ kind }) => kind);
    expect(kinds(searchIn(tabs).find("")).slice(0, 3)).toEqual(["tab", "profile", "action"]);
    expect(kinds(searchIn(tabs).find(">")).slice(0, 3)).toEqual(["recent", "action", "setting"]);
  });

  it("what was used last stands on top, once, and only what one is looking for", () => {
    const search = searchIn(tabs, ["Postgres replica", "gone"]);
    const connect = search.find("");
    expect(connect.groups[0]?.kind).toBe("recent");
    expect(ids(connect)[0]).toBe("profile:Postgres replica");
    expect(ids(connect).filter((id) => id === "profile:Postgres replica")).toHaveLength(1);
    expect(ids(search.find(">"))[0]).toBe("action:zoomIn");
  });

  it("the tab in front is left out, but found by its name", () => {
    expect(ids(searchIn(tabs).find(""))).toContain("tab:t1");
    expect(ids(searchIn(tabs).find(""))).not.toContain("tab:t2");
    expect(ids(searchIn(tabs).find("api-2"))).toContain("tab:t2");
  });

  it("what cannot be done is left out", () => {
    expect(ids(searchIn().find(">"))).not.toContain("action:closeTab");
    expect(ids(searchIn(tabs).find(">"))).toContain("action:closeTab");
  });
});

describe("typing", () => {
  it("finds connections by name, target, region and AWS profile, in several words", () => {
    const search = searchIn();
    expect(names(search.find("api"))).toEqual(
      expect.arrayContaining(["api-1 production", "api-2 production"]),
    );
    expect(ids(search.find("zoe"))[0]).toBe("profile:Zoë’s sandbox");
    expect(ids(search.find("0fedcba"))[0]).toBe("profile:Postgres replica");
    expect(ids(search.find("eu-central"))[0]).toBe("profile:Postgres replica");
    expect(ids(search.find("prod 60719"))).toEqual(["profile:api-2 production"]);
  });

  it("finds connections by folder, tags, environment and notes", () => {
    const web = profile("web-2", { folder: "Shop/Web", tags: "nginx, edge", environment: "staging" });
    const search = searchIn(NO_TABS, [], [...TEAM, { ...web, notes: "Ask Ana before a restart" }]);
    for (const typed of ["shop/w", "nginx", "stag web", "ask ana"])
      expect(ids(search.find(typed))[0], typed).toBe("profile:web-2");
  });

  it("finds actions and settings by name, with their keys", () => {
    const search = searchIn(open(...TEAM.slice(0, 2)));
    const [found] = search.find(">spl ri").groups[0]?.found ?? [];
    expect([found?.entry.id, found?.entry.chord]).toEqual(["action:splitRight", "Ctrl+Shift+\\"]);
    expect(found?.name).toEqual(["", "Spl", "it ", "ri", "ght"]);
    expect(ids(search.find("font size"))[0]).toBe("setting:terminal.fontSize");
    expect(ids(search.find("terminal.fontSize"))[0]).toBe("setting:terminal.fontSize");
    expect(ids(search.find("about"))[0]).toBe("action:about");
  });

  it("only the order differs between the two ways in", () => {
    const search = searchIn(NO_TABS, [], [...TEAM, profile("zoom relay")]);
    const [connect, actions] = [search.find("zoom"), search.find(">zoom")];
    expect(ids(connect)[0]).toBe("profile:zoom relay");
    expect(ids(actions)[0]).toMatch(/^action:zoom/);
    expect(new Set(ids(connect))).toEqual(new Set(ids(actions)));
  });

  it("a good match of something else comes before a guess", () => {
    const search = searchIn(NO_TABS, [], [profile("s-e-r-v-i-c-e xtxtxixnxgxs")]);
    expect(ids(search.find("settings"))[0]).toBe("action:showSettings");
  });

  it("shows what cannot be done now behind what can, and says so", () => {
    const found = searchIn(open(...TEAM.slice(0, 1))).find(">tab").groups[0]?.found ?? [];
    const possible = found.map(({ entry }) => entry.possible);
    expect(possible).toContain(false);
    expect(possible.indexOf(false)).toBeGreaterThan(possible.indexOf(true));
    expect(found.find(({ entry }) => entry.id === "action:searchTabs")?.entry.possible).toBe(false);
  });

  it("of two that fit the same, the one used last comes first", () => {
    expect(ids(searchIn().find("api"))[0]).toBe("profile:api-1 production");
    expect(ids(searchIn(NO_TABS, ["api-2 production"]).find("api"))[0]).toBe("profile:api-2 production");
  });

  it("on and back finds the same as anew", () => {
    const search = searchIn(open(...TEAM.slice(0, 3)));
    for (const typed of [
      "p",
      "pr",
      "pro",
      "prod",
      "prod e",
      "prod eu",
      "prod",
      "pr",
      ">pr",
      "x",
      "xy",
      "",
      "api",
    ]) {
      expect(search.find(typed), typed).toEqual(searchIn(open(...TEAM.slice(0, 3))).find(typed));
    }
  });

  it("shows no more than so many, and tells how many there are", () => {
    const many = Array.from({ length: 300 }, (_, index) => profile(`worker ${index}`));
    const search = searchIn(NO_TABS, [], many);
    const all = search.find("worker");
    expect(ids(all)).toHaveLength(SHOWN);
    expect(all.total).toBeGreaterThanOrEqual(300);
    expect(ids(search.find(""))).toHaveLength(SHOWN);
  });
});

describe("a target", () => {
  it.each([
    ["i-0123456789abcdef0", true],
    [" mi-0123456789abcdef0 ", true],
    [`ecs:shop_${"0".repeat(32)}_${"1".repeat(32)}-12`, true],
    ["name:web-1", true],
    ["i-", false],
    ["name:", false],
    ["api", false],
  ])("is seen in %s: %s", (typed, seen) => {
    expect(targetIn(typed) !== null).toBe(seen);
    expect(ids(searchIn().find(typed)).includes("target")).toBe(seen);
  });

  it("makes a new profile, behind those that lead there already", () => {
    expect(ids(searchIn().find("i-0a1b2c3d4e5f60718"))).toEqual(["profile:api-1 production", "target"]);
    const found = searchIn().find("i-0a1b2c3d").groups[0]?.found ?? [];
    expect(found.map(({ entry }) => entry.does.kind)).toEqual(["target", "profile", "profile"]);
    expect(found[0]?.entry.does).toEqual({ kind: "target", target: "i-0a1b2c3d" });
  });
});

describe("whether an action can be done", () => {
  const possible = (all: Situation) =>
    new Set(ACTIONS.filter(({ action }) => isPossible(action, all)).map(({ id }) => id as string));

  it("follows tabs, panes, terminal and selection", () => {
    const none = possible(situation(NO_TABS));
    for (const id of ["closeTab", "nextTab", "tab1", "splitRight", "find", "copy", "reopenTab"])
      expect(none, id).not.toContain(id);
    for (const id of ["newTab", "showSettings", "zoomIn"]) expect(none, id).toContain(id);

    const one = open(...TEAM.slice(0, 1));
    expect(possible(situation(one))).toContain("splitRight");
    expect(possible(situation(one))).not.toContain("zoomPane");
    expect(possible(situation(one))).not.toContain("copy");
    expect(possible(situation(one, { selection: true }))).toContain("copy");

    const [first] = TEAM;
    const split = first ? tabsModel.split(one, "t1", "t2", first, "row") : one;
    for (const id of ["zoomPane", "detachPane", "focusPane-left", "toggleBroadcast"])
      expect(possible(situation(split)), id).toContain(id);
    expect(possible(situation(split))).not.toContain("focusPane-up");
    expect(possible(situation(tabsModel.closePane(split, "t2")))).toContain("reopenTab");
  });
});

describe("what was used", () => {
  const entries = entriesOf(TEAM, situation(open(...TEAM)), false);

  it("is kept once, the last first, and not without end", () => {
    const [one, other] = entries.filter(({ kind }) => kind === "action");
    if (!one || !other) throw new Error("no actions");
    expect([one, other, one].reduce<readonly string[]>(withUsed, [])).toEqual([one.id, other.id]);
    const many = Array.from({ length: 90 }, (_, index) => ({ ...one, id: `action:${index}` }));
    expect(many.reduce<readonly string[]>(withUsed, [])).toHaveLength(MAX_RECENT);
  });

  it("leaves out tabs, which are others at the next start, and connections, which the store knows", () => {
    const rest = entries.filter(({ kind }) => kind === "tab" || kind === "profile");
    expect(rest).not.toHaveLength(0);
    expect(rest.reduce<readonly string[]>(withUsed, ["a"])).toEqual(["a"]);
  });
});

it("answers for 5,000 connections while somebody types", () => {
  const many = Array.from({ length: 5_000 }, (_, index) =>
    profile(
      `${["api", "worker", "Postgres replica", "cache"][index % 4] ?? ""}-${index} ${index % 3 ? "production" : "staging"}`,
      {
        awsProfile: index % 2 ? "prod" : "staging",
        region: ["eu-west-1", "us-east-1", "ap-southeast-2"][index % 3] ?? "",
        target: `i-${(index * 7_919_317).toString(16).padStart(17, "0")}`,
      },
    ),
  );
  const took = (run: () => unknown): string => {
    const started = performance.now();
    run();
    return (performance.now() - started).toFixed(1);
  };
  const cold = took(() => searchIn(NO_TABS, [], many));
  const warm = took(() => searchIn(NO_TABS, [], many));
  const search = searchIn(NO_TABS, [], many);
  const times = [
    "",
    "p",
    "pr",
    "pro",
    "prod",
    "prod a",
    "prod ap",
    "prod api",
    "prod api 4",
    "p",
    "e",
    "4",
  ].map((typed) => `“${typed}” ${took(() => search.find(typed))}`);
  process.stdout.write(`5,000 connections, ms: made ready ${cold}, again ${warm}; ${times.join(", ")}\n`);
  expect(ids(search.find("prod api 4996"))).toEqual(["profile:api-4996 production"]);
});
