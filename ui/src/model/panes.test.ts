import { describe, expect, it } from "vitest";

import type { Profile } from "../generated/Profile";
import { inProduction, listeners, proposed, pruned } from "./broadcast";
import { panesOf } from "./layout";
import { readTabs, writeTabs } from "./savedLayout";
import { EMPTY_DRAFT } from "./profiles";
import * as model from "./tabs";
import { NO_TABS, nameOf, type Tabs } from "./tabs";
import { matchingTabs } from "./tabSearch";

const profile = (id: string, more: object = {}): Profile => ({
  ...EMPTY_DRAFT,
  id,
  builtIn: false,
  origin: { kind: "personal" },
  name: id,
  region: "eu-west-1",
  target: `i-${id}`,
  ...more,
});

/** Tab a with panes a and b, then tab c in front. */
function two(): Tabs {
  const a = model.openSession(NO_TABS, "a", profile("web"));
  return model.openSession(model.split(a, "a", "b", profile("db"), "row"), "c", profile("ci"));
}
const order = ({ list }: Tabs) => list.map(({ id }) => id).join("");
const content = (tabs: Tabs, id: string) => {
  const tab = model.tabById(tabs, id);
  return tab?.content.kind === "panes" ? tab.content : expect.fail(`no panes in ${id}`);
};
let last = 0;
const fresh = () => `n${++last}`;

describe("panes", () => {
  it("split from the focused one and take the focus", () => {
    const tabs = two();
    expect(panesOf(content(tabs, "a").layout)).toEqual(["a", "b"]);
    expect(content(tabs, "a").focused).toBe("b");
    expect(model.sessionOf(model.tabById(tabs, "a"))?.profile.id).toBe("db");
  });

  it("keep what happens in each apart, seen or not", () => {
    let tabs = model.outputArrived(two(), "a");
    expect([model.paneById(tabs, "a")?.unseen, model.paneById(tabs, "b")?.unseen]).toEqual([true, false]);
    tabs = model.activate(tabs, "a");
    expect(model.isUnseen(tabs.list[0] ?? expect.fail())).toBe(false);
    expect(model.outputArrived(tabs, "a")).toBe(tabs);
    // Covered by the zoomed one, it is out of sight again.
    tabs = model.outputArrived(model.toggleZoom(tabs, "a"), "a");
    expect(model.paneById(tabs, "a")?.unseen).toBe(true);
    expect(model.paneById(model.toggleZoom(tabs, "a"), "a")?.unseen).toBe(false);
  });

  it("give zoom up when the focus leaves", () => {
    const zoomed = model.toggleZoom(model.activate(two(), "a"), "a");
    expect(content(zoomed, "a").zoomed).toBe(true);
    const moved = model.focusTowards(zoomed, "left") ?? expect.fail();
    expect(content(moved, "a")).toMatchObject({ focused: "a", zoomed: false });
    expect(model.focusTowards(moved, "up")).toBeNull();
  });

  it("move to a tab of their own with their sessions", () => {
    const before = model.paneById(two(), "b");
    const tabs = model.detachPane(two(), "b", "t");
    expect([order(tabs), tabs.active]).toEqual(["atc", "t"]);
    expect(model.paneById(tabs, "b")?.session).toEqual(before?.session);
    expect(model.detachPane(tabs, "b", "x")).toBe(tabs);
  });

  it("count how often a lost connection came back", () => {
    const open = { kind: "open", sessionId: "s", agentVersion: null } as const;
    const lost = { kind: "waitingForSignIn", sinceMs: 1, message: "", remedy: null } as const;
    const tabs = [open, lost, open].reduce(
      (all, state) => model.sessionStateChanged(all, "b", 1, state),
      two(),
    );
    expect(model.paneById(tabs, "b")?.session.resumes).toBe(1);
  });
});

describe("what was closed", () => {
  it("comes back where it was, with what happened to it meanwhile", () => {
    let tabs = model.close(two(), "a");
    expect(order(tabs)).toBe("c");
    tabs = model.titled(tabs, "b", "still here");
    tabs = model.reopen(tabs, fresh);
    expect([order(tabs), tabs.active]).toEqual(["ac", "a"]);
    expect(model.paneById(tabs, "b")?.session.remoteTitle).toBe("still here");
  });

  it("begins anew once its sessions have been ended", () => {
    let tabs = model.close(two(), "a");
    tabs = model.closedForGood(tabs, tabs.closed[0]?.id ?? 0);
    tabs = model.reopen(tabs, fresh);
    expect(tabs.list).toHaveLength(2);
    expect(model.paneById(tabs, "b")).toBeUndefined();
    expect(panesOf(content(tabs, tabs.active ?? "").layout)).toHaveLength(2);
  });

  it("is a pane that gets its place back, also where the rest of its tab has gone", () => {
    const closed = model.closePane(two(), "a");
    expect(panesOf(content(closed, "a").layout)).toEqual(["b"]);
    expect(content(model.reopen(closed, fresh), "a").layout).toEqual(content(two(), "a").layout);
    const gone = model.reopen(model.close(closed, "a"), fresh, closed.closed[0]?.id);
    expect(model.tabOfPane(gone, "a")).toBeDefined();
  });

  it("is many tabs closed together", () => {
    const tabs = model.closeAll(two(), ["a", "c"]);
    expect([tabs.list, tabs.closed.length]).toEqual([[], 1]);
    expect(order(model.reopen(tabs, fresh))).toBe("ac");
  });
});

describe("names and pins", () => {
  it("show what a person calls a tab, and the profile again", () => {
    const named = model.rename(two(), "c", "  Mi\u202egration ");
    expect(nameOf(model.tabById(named, "c") ?? expect.fail())).toBe("Migration");
    expect(nameOf(model.tabById(model.rename(named, "c", " "), "c") ?? expect.fail())).toBe("ci");
  });

  it("stand on the left, and are none of the others", () => {
    const tabs = model.togglePin(model.openSession(two(), "d", profile("d")), "c");
    expect(order(tabs)).toBe("cad");
    expect(order(model.moveBy(tabs, "a", -1))).toBe("cad");
    expect(order(model.reorder(tabs, ["d", "a", "c"]))).toBe("cda");
    expect(model.othersOf(tabs, "d").map(({ id }) => id)).toEqual(["a"]);
    expect(model.rightOf(tabs, "a").map(({ id }) => id)).toEqual(["d"]);
  });

  it("are found by name, id and region", () => {
    const { list } = model.rename(two(), "c", "Café");
    expect(matchingTabs(list, "cafe west").map(({ id }) => id)).toEqual(["c"]);
    expect(matchingTabs(list, "i-db").map(({ id }) => id)).toEqual(["a"]);
    expect(matchingTabs(list, "nothing")).toEqual([]);
  });
});

describe("broadcast", () => {
  const production = () =>
    model.split(two(), "c", "p", profile("prod", { environment: "production" }), "column");

  it("never begins with production", () => {
    expect([...proposed(production(), "c", "tab")]).toEqual(["c"]);
    expect([...proposed(production(), "c", "all")]).toEqual(["a", "b", "c"]);
    expect(inProduction(production(), new Set(["a", "p"])).map(({ id }) => id)).toEqual(["p"]);
  });

  it("reaches its live members from any of them, and nobody else", () => {
    const tabs = model.sessionFailed(two(), "b", 1, "refused");
    const members = new Set(["a", "b", "c"]);
    expect(listeners(tabs, members, "a")).toEqual(["c"]);
    expect(listeners(tabs, new Set(["a", "b"]), "c")).toEqual([]);
    expect(listeners(tabs, null, "a")).toEqual([]);
  });

  it("loses what ends, and is over with fewer than two", () => {
    const tabs = model.sessionFailed(two(), "b", 1, "refused");
    expect(pruned(two(), new Set(["a", "b"]))).toEqual(new Set(["a", "b"]));
    expect(pruned(tabs, new Set(["a", "b", "c"]))).toEqual(new Set(["a", "c"]));
    expect(pruned(tabs, new Set(["a", "b"]))).toBeNull();
  });
});

describe("the saved layout", () => {
  const profiles = ["web", "db", "ci"].map((id) => profile(id));

  it("comes back with splits, names and pins, and nothing started", () => {
    const tabs = model.togglePin(model.rename(two(), "c", "Mine"), "c");
    const back = readTabs(writeTabs(tabs), profiles, fresh);
    expect(back.list.map((tab) => [tab.name, tab.pinned, model.panesIn(tab).length])).toEqual([
      ["Mine", true, 1],
      [null, false, 2],
    ]);
    const sessions = back.list.flatMap(model.panesIn).map(({ session }) => session);
    expect(sessions.every(model.isIdle)).toBe(true);
    expect(sessions.some(model.isLiveSession)).toBe(false);
    expect(back.list.some(({ id }) => id === back.active)).toBe(true);
    const [first] = back.list.flatMap(model.panesIn);
    expect(model.paneById(model.restart(back, first?.id ?? ""), first?.id ?? "")?.session.attempt).toBe(1);
  });

  it("leaves out profiles that are gone, and is nothing where it cannot be read", () => {
    const back = readTabs(writeTabs(two()), [profile("db")], fresh);
    expect(back.list.map((tab) => model.panesIn(tab).map(({ session }) => session.profile.id))).toEqual([
      ["db"],
    ]);
    for (const bad of [
      "",
      "{",
      "[]",
      "null",
      '{"version":2,"tabs":[]}',
      '{"version":1,"tabs":[7,{"panes":[]}]}',
    ])
      expect(readTabs(bad, profiles, fresh).list).toEqual([]);
  });
});
