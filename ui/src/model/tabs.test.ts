import { describe, expect, it } from "vitest";

import type { Ended } from "../generated/Ended";
import type { Profile } from "../generated/Profile";
import { EMPTY_DRAFT } from "./profiles";
import * as tabsModel from "./tabs";
import { NO_TABS, sessionOf, type Tabs } from "./tabs";

const profile = (id: string, name = id): Profile => ({
  id,
  builtIn: false,
  origin: { kind: "personal" },
  ...EMPTY_DRAFT,
  name,
  target: "i-0123456789abcdef0",
});

const ended: Ended = {
  cause: "finished",
  by: "shellExit",
  message: "The shell exited.",
  remedy: null,
  detail: null,
  exitCode: 0,
};

const open = (...ids: string[]): Tabs =>
  ids.reduce((tabs, id) => tabsModel.openSession(tabs, id, profile(`p-${id}`)), NO_TABS);
const order = (tabs: Tabs) => tabs.list.map((tab) => tab.id).join("");
const session = (tabs: Tabs, id: string) => {
  const found = sessionOf(tabsModel.tabById(tabs, id));
  if (!found) throw new Error(`no session in ${id}`);
  return found;
};

describe("opening and closing", () => {
  it("opens at the end and comes to the front", () => {
    const tabs = open("a", "b");
    expect([order(tabs), tabs.active]).toEqual(["ab", "b"]);
    expect(session(tabs, "b").state).toEqual({ kind: "connecting", phase: "starting" });
  });

  it("opens a duplicate beside its original", () => {
    expect(order(tabsModel.openSession(open("a", "b"), "c", profile("p"), "a"))).toBe("acb");
  });

  it("turns the start page in front into the session, and shows an open start page instead of a second", () => {
    let tabs = tabsModel.openStart(open("a"), "s");
    expect([order(tabs), tabs.active]).toEqual(["as", "s"]);
    expect(order(tabsModel.openStart(tabsModel.activate(tabs, "a"), "t"))).toBe("as");
    tabs = tabsModel.openSession(tabs, "unused", profile("p"));
    expect([order(tabs), tabs.active]).toEqual(["as", "s"]);
    expect(session(tabs, "s").profile.id).toBe("p");
  });

  it("gives the front to the right neighbour, then to the left, then to nobody", () => {
    let tabs = tabsModel.activate(open("a", "b", "c"), "b");
    tabs = tabsModel.close(tabs, "b");
    expect(tabs.active).toBe("c");
    tabs = tabsModel.close(tabs, "c");
    expect(tabs.active).toBe("a");
    tabs = tabsModel.close(tabs, "a");
    expect([tabs.list, tabs.active]).toEqual([[], null]);
  });

  it("leaves the front alone when another tab closes", () => {
    expect(tabsModel.close(open("a", "b", "c"), "a").active).toBe("c");
    expect(tabsModel.close(open("a"), "nobody")).toEqual(open("a"));
  });
});

describe("going from tab to tab", () => {
  it("goes around the ends", () => {
    const tabs = open("a", "b", "c");
    expect(tabsModel.activateBy(tabs, 1).active).toBe("a");
    expect(tabsModel.activateBy(tabsModel.activate(tabs, "a"), -1).active).toBe("c");
    expect(tabsModel.activateBy(NO_TABS, 1)).toBe(NO_TABS);
  });

  it("counts tabs from one, and nine is the last", () => {
    const tabs = open("a", "b", "c");
    expect(tabsModel.activateNumber(tabs, 2)?.active).toBe("b");
    expect(tabsModel.activateNumber(tabs, 9)?.active).toBe("c");
    expect(tabsModel.activateNumber(tabs, 4)).toBeNull();
  });

  it("moves a tab up to the ends and keeps it in front", () => {
    const tabs = tabsModel.activate(open("a", "b", "c"), "a");
    const moved = tabsModel.moveBy(tabs, "a", 1);
    expect([order(moved), moved.active]).toEqual(["bac", "a"]);
    expect(order(tabsModel.moveBy(moved, "a", 9))).toBe("bca");
    expect(tabsModel.moveBy(tabs, "a", -1)).toBe(tabs);
  });

  it("takes over an order made by dragging", () => {
    const tabs = open("a", "b", "c");
    expect(order(tabsModel.reorder(tabs, ["c", "a", "b"]))).toBe("cab");
    expect(order(tabsModel.reorder(tabs, ["c", "gone"]))).toBe("cab");
    expect(tabsModel.reorder(tabs, ["a", "b", "c"])).toBe(tabs);
  });
});

describe("a session in its tab", () => {
  it("keeps the session's id and the agent's version after the end", () => {
    let tabs = tabsModel.sessionStateChanged(open("a"), "a", 1, {
      kind: "open",
      sessionId: "me-0abc",
      agentVersion: "3.3.0.0",
    });
    tabs = tabsModel.sessionStateChanged(tabs, "a", 1, { kind: "ended", ended });
    expect(session(tabs, "a")).toMatchObject({ sessionId: "me-0abc", agentVersion: "3.3.0.0" });
  });

  it("hears nothing after the end", () => {
    const tabs = tabsModel.sessionStateChanged(open("a"), "a", 1, { kind: "ended", ended });
    expect(tabsModel.sessionStateChanged(tabs, "a", 1, { kind: "connecting", phase: "handshake" })).toBe(
      tabs,
    );
  });

  it("starts again only after an end, and ignores what belongs to the earlier attempt", () => {
    const fresh = open("a");
    expect(tabsModel.restart(fresh, "a")).toBe(fresh);
    const tabs = tabsModel.restart(tabsModel.sessionFailed(fresh, "a", 1, "Refused."), "a");
    expect(session(tabs, "a")).toMatchObject({ attempt: 2, state: { kind: "connecting" } });
    expect(tabsModel.sessionStateChanged(tabs, "a", 1, { kind: "ended", ended })).toBe(tabs);
    expect(tabsModel.noticed(tabs, "a", 1, "Old news.")).toBe(tabs);
  });

  it("shows a failed command as an end with its sentence", () => {
    expect(session(tabsModel.sessionFailed(open("a"), "a", 1, "No such profile."), "a").state).toMatchObject({
      kind: "ended",
      ended: { cause: "refused", message: "No such profile." },
    });
  });

  it("keeps a few notices, each once", () => {
    let tabs = open("a");
    for (const number of [1, 2, 2, 3, 4, 5, 6]) tabs = tabsModel.noticed(tabs, "a", 1, String(number));
    expect(session(tabs, "a").notices).toEqual(["2", "3", "4", "5", "6"]);
    expect(session(tabsModel.dismissNotice(tabs, "a", "3"), "a").notices).toEqual(["2", "4", "5", "6"]);
  });

  it("cleans titles, and changes nothing where nothing changed", () => {
    const tabs = tabsModel.titled(open("a"), "a", "vim\u202e\x07");
    expect(session(tabs, "a").remoteTitle).toBe("vim");
    expect(tabsModel.titled(tabs, "a", "vim")).toBe(tabs);
    const sized = tabsModel.resized(tabs, "a", { cols: 80, rows: 24 });
    expect(tabsModel.resized(sized, "a", { cols: 80, rows: 24 })).toBe(sized);
  });

  it("shows a profile's new name on its tabs", () => {
    const tabs = tabsModel.profileSaved(open("a", "b"), profile("p-a", "Renamed"));
    expect([session(tabs, "a").profile.name, session(tabs, "b").profile.name]).toEqual(["Renamed", "p-b"]);
  });
});

describe("what happens out of sight", () => {
  it("is marked until the tab comes to the front, and never on the tab in front", () => {
    let tabs = open("a", "b");
    expect(tabsModel.outputArrived(tabs, "b")).toBe(tabs);
    tabs = tabsModel.bellRang(tabsModel.outputArrived(tabs, "a"), "a");
    expect(tabsModel.paneById(tabs, "a")).toMatchObject({ unseen: true, bell: true });
    expect(tabsModel.outputArrived(tabs, "a")).toBe(tabs);
    expect(tabsModel.paneById(tabsModel.activate(tabs, "a"), "a")).toMatchObject({
      unseen: false,
      bell: false,
    });
  });
});
