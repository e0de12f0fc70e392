/**
 * The open tabs as they are written down for the next start, and how they are read again. What is read may be of another
 * version, damaged or made up: whatever does not fit is left out.
 */
import type { Profile } from "../generated/Profile";
import { type Layout, MAX_PANES, type PaneId, panesOf, readLayout } from "./layout";
import { idleSession, type Pane, type Tab, type Tabs } from "./tabs";
import { cleanTitle } from "./title";

const VERSION = 1;
/** More tabs than anybody restores. */
const MAX_TABS = 200;

/** The tabs as text; without what is only so for a moment. */
export function writeTabs({ list, active }: Tabs): string {
  const tabs = list.flatMap(({ id, content, name, pinned }) =>
    content.kind === "panes"
      ? [
          {
            name,
            pinned,
            active: id === active,
            layout: content.layout,
            focused: content.focused,
            panes: content.panes.map((pane) => ({ id: pane.id, profile: pane.session.profile.id })),
          },
        ]
      : [],
  );
  return JSON.stringify({ version: VERSION, tabs });
}

/** The tabs that were written down, none of them begun. `fresh` makes ids. */
export function readTabs(text: string, profiles: readonly Profile[], fresh: () => PaneId): Tabs {
  const saved = parsed(text);
  const read = saved.slice(0, MAX_TABS).flatMap((each) => {
    const tab = readTab(each, profiles, fresh);
    return tab ? [{ tab, active: isRecord(each) && each["active"] === true }] : [];
  });
  const list = read.map(({ tab }) => tab).toSorted((one, other) => Number(other.pinned) - Number(one.pinned));
  const front = read.find(({ active }) => active)?.tab ?? list[0];
  return { list, active: front?.id ?? null, closed: [] };
}

function parsed(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && value["version"] === VERSION && Array.isArray(value["tabs"])
      ? (value["tabs"] as readonly unknown[])
      : [];
  } catch {
    return [];
  }
}

function readTab(value: unknown, profiles: readonly Profile[], fresh: () => PaneId): Tab | null {
  if (!isRecord(value) || !Array.isArray(value["panes"])) return null;
  const panes = new Map<PaneId, Pane>();
  for (const each of (value["panes"] as readonly unknown[]).slice(0, MAX_PANES)) {
    if (!isRecord(each) || typeof each["id"] !== "string") continue;
    const profile = profiles.find(({ id }) => id === each["profile"]);
    if (!profile) continue;
    panes.set(each["id"], { id: fresh(), session: idleSession(profile), unseen: false, bell: false });
  }
  const written = readLayout(value["layout"], new Set(panes.keys()));
  if (!written) return null;
  const ids = [...new Set(panesOf(written))];
  // A pane can be in one place only.
  if (ids.length !== panesOf(written).length) return null;
  const there = ids.flatMap((id) => panes.get(id) ?? []);
  const [first] = there;
  if (!first) return null;
  const focused = typeof value["focused"] === "string" ? panes.get(value["focused"]) : undefined;
  const name = typeof value["name"] === "string" ? cleanTitle(value["name"]) : "";
  return {
    id: first.id,
    name: name === "" ? null : name,
    pinned: value["pinned"] === true,
    content: {
      kind: "panes",
      panes: there,
      layout: withIds(written, panes),
      focused: focused && there.includes(focused) ? focused.id : first.id,
      zoomed: false,
    },
  };
}

function withIds(layout: Layout, panes: ReadonlyMap<PaneId, Pane>): Layout {
  if (layout.kind === "pane") return { kind: "pane", id: panes.get(layout.id)?.id ?? layout.id };
  return {
    ...layout,
    parts: layout.parts.map(({ node, share }) => ({ node: withIds(node, panes), share })),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
