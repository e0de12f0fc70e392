/**
 * The tabs and what each shows: data, changed by pure functions only. A tab holds panes in a layout, each with a session;
 * a tab's first pane has the tab's own id. What was closed of late is kept, so that it can come back.
 */
import type { Ended } from "../generated/Ended";
import type { Profile } from "../generated/Profile";
import type { SessionState } from "../generated/SessionState";
import type { Silence } from "../generated/Silence";
import type { TerminalSize } from "../generated/TerminalSize";
import { assertNever } from "./assertNever";
import {
  type Axis,
  type Direction,
  evened,
  type Layout,
  MAX_PANES,
  moveDivider,
  neighbour,
  type PaneId,
  panesOf,
  removePane,
  single,
  splitPane,
} from "./layout";
import { cleanTitle } from "./title";

export type TabId = string;

/** A session as its tab shows it. It outlives its connection, so that the reason for the end can be read. */
export interface TabSession {
  readonly profile: Profile;
  /** Counts how often a session was started in this pane; what belongs to an earlier one is ignored. 0: none yet. */
  readonly attempt: number;
  readonly state: SessionState;
  /** What the far end calls itself; cleaned. */
  readonly remoteTitle: string;
  /** The service's id and the agent's version, once known. */
  readonly sessionId: string | null;
  readonly agentVersion: string | null;
  readonly size: TerminalSize | null;
  /** Sentences for the person that have not been put away. */
  readonly notices: readonly string[];
  /** Since when and how the node keeps somebody waiting. */
  readonly silence: Silence | null;
  /** How far a large paste has come. */
  readonly paste: PasteProgress | null;
  /** What a program says of its progress. */
  readonly progress: Progress | null;
  /** How often a lost connection came back. */
  readonly resumes: number;
  /** How long the node takes to answer, in milliseconds, once known. */
  readonly roundTripMs: number | null;
}

/** What a program says of its progress (OSC 9;4). */
export interface Progress {
  readonly kind: "normal" | "error" | "paused" | "indeterminate";
  /** 0 to 100. */
  readonly percent: number;
}

/** How far a large paste has come, in bytes; as the terminal's input queue tells. */
export interface PasteProgress {
  readonly sent: number;
  readonly total: number;
}

export interface Pane {
  readonly id: PaneId;
  readonly session: TabSession;
  /** Output came while the pane was out of sight. */
  readonly unseen: boolean;
  /** The bell rang while the pane was out of sight. */
  readonly bell: boolean;
}

/** At least one pane; each is in the layout once. */
export interface Panes {
  readonly kind: "panes";
  readonly panes: readonly Pane[];
  readonly layout: Layout;
  readonly focused: PaneId;
  /** The pane that has the whole tab for a while; always the focused one. */
  readonly zoomed: boolean;
}

export type TabContent = { readonly kind: "start" } | Panes;

export interface Tab {
  readonly id: TabId;
  readonly content: TabContent;
  /** What the person calls it, instead of the profile's name. */
  readonly name: string | null;
  /** Pinned tabs stand on the left, and are not closed with others. */
  readonly pinned: boolean;
}

/** A tab that was closed, and where it stood. */
interface ClosedTab {
  readonly kind: "tab";
  readonly tab: Tab;
  readonly index: number;
}

/** A pane that was closed in a tab that went on. */
interface ClosedPane {
  readonly kind: "pane";
  readonly tab: TabId;
  readonly pane: Pane;
  readonly layout: Layout;
}

/** What was closed at one time. */
export interface Closed {
  readonly id: number;
  readonly what: readonly ClosedTab[] | ClosedPane;
  /** Whether the sessions are still there. */
  readonly alive: boolean;
}

export interface Tabs {
  readonly list: readonly Tab[];
  /** Null only while there is no tab. */
  readonly active: TabId | null;
  /** The newest last. */
  readonly closed: readonly Closed[];
}

export const NO_TABS: Tabs = { list: [], active: null, closed: [] };

/** So much that was closed can be opened again. */
const MAX_CLOSED = 20;
const MAX_NAME = 100;

/** Notices kept per tab; the oldest make room. */
const MAX_NOTICES = 5;

export const tabById = (tabs: Tabs, id: TabId): Tab | undefined => tabs.list.find((tab) => tab.id === id);

/** What the mark of a session's state shows: an end that nobody wished for looks unlike the others. */
export function stateMark(state: SessionState): SessionState["kind"] | "failed" {
  if (state.kind !== "ended") return state.kind;
  const { cause } = state.ended;
  switch (cause) {
    case "refused":
    case "unreachable":
    case "lost":
      return "failed";
    // A shell's exit status is often that of its last command only.
    case "finished":
    case "closed":
    case "service":
      return "ended";
    default:
      return assertNever(cause);
  }
}

export const activeTab = (tabs: Tabs): Tab | undefined =>
  tabs.active === null ? undefined : tabById(tabs, tabs.active);

/** The session of a tab's focused pane. */
export const sessionOf = (tab: Tab | undefined): TabSession | null => focusedPane(tab)?.session ?? null;

export function focusedPane(tab: Tab | undefined): Pane | undefined {
  if (tab?.content.kind !== "panes") return undefined;
  const { panes, focused } = tab.content;
  return panes.find(({ id }) => id === focused);
}

export const panesIn = (tab: Tab | undefined): readonly Pane[] =>
  tab?.content.kind === "panes" ? tab.content.panes : NO_PANES;
const NO_PANES: readonly Pane[] = [];

/** The pane that has the keyboard, where the tab in front has one. */
export const activePane = (tabs: Tabs): Pane | undefined => focusedPane(activeTab(tabs));

export const tabOfPane = (tabs: Tabs, id: PaneId): Tab | undefined =>
  tabs.list.find((tab) => panesIn(tab).some((pane) => pane.id === id));

export const paneById = (tabs: Tabs, id: PaneId): Pane | undefined =>
  panesIn(tabOfPane(tabs, id)).find((pane) => pane.id === id);

/** Whether a pane can be seen: its tab is in front, and no other pane has all of it. */
export function isShown(tabs: Tabs, id: PaneId): boolean {
  const tab = tabOfPane(tabs, id);
  return tab?.id === tabs.active && tab.content.kind === "panes" && isUncovered(tab.content, id);
}

const isUncovered = ({ zoomed, focused }: Panes, id: PaneId): boolean => !zoomed || focused === id;

/** What a tab is called: the person's name for it, else its session's profile. Empty for the start page. */
export const nameOf = (tab: Tab): string => tab.name ?? sessionOf(tab)?.profile.name ?? "";

export const isUnseen = (tab: Tab): boolean => panesIn(tab).some(({ unseen }) => unseen);
export const hasBell = (tab: Tab): boolean => panesIn(tab).some(({ bell }) => bell);

/** Whether a session may still run at the far end. */
export const isLiveSession = ({ state }: TabSession): boolean => state.kind !== "ended";

/** Whether a pane waits for the person to start its session, as after the application's own start. */
export const isIdle = ({ attempt }: TabSession): boolean => attempt === 0;

/** Whether any of a tab's sessions may still run at the far end. */
export const isLive = (tab: Tab): boolean => panesIn(tab).some(({ session }) => isLiveSession(session));

/** A session that has not begun counts as ended until it does: nothing runs, and Enter begins it. */
const NOT_BEGUN: SessionState = {
  kind: "ended",
  ended: { cause: "closed", by: "me", message: "", remedy: null, detail: null, exitCode: null },
};

/** A session to be started on demand. */
export const idleSession = (profile: Profile): TabSession => ({
  ...newSession(profile),
  attempt: 0,
  state: NOT_BEGUN,
});

const newPane = (id: PaneId, session: TabSession): Pane => ({ id, session, unseen: false, bell: false });

const onePane = (pane: Pane): Panes => ({
  kind: "panes",
  panes: [pane],
  layout: single(pane.id),
  focused: pane.id,
  zoomed: false,
});

function newSession(profile: Profile): TabSession {
  return {
    profile,
    attempt: 1,
    state: { kind: "connecting", phase: "starting" },
    remoteTitle: "",
    sessionId: null,
    agentVersion: null,
    size: null,
    notices: [],
    silence: null,
    paste: null,
    progress: null,
    resumes: 0,
    roundTripMs: null,
  };
}

/** Opens the start page in a tab of its own, or shows the one that is open already. */
export function openStart(tabs: Tabs, id: TabId): Tabs {
  const open = tabs.list.find((tab) => tab.content.kind === "start");
  if (open) return activate(tabs, open.id);
  const tab: Tab = { id, content: { kind: "start" }, name: null, pinned: false };
  return { ...tabs, list: [...tabs.list, tab], active: id };
}

/** Opens a session: in place of the start page where that is in front, else in a tab at the end or after another. */
export function openSession(tabs: Tabs, id: TabId, profile: Profile, after?: TabId): Tabs {
  const front = activeTab(tabs);
  if (after === undefined && front?.content.kind === "start") {
    const content = onePane(newPane(front.id, newSession(profile)));
    return change(tabs, front.id, (tab) => ({ ...tab, content }));
  }
  const content = onePane(newPane(id, newSession(profile)));
  const at = after === undefined ? -1 : tabs.list.findIndex((tab) => tab.id === after);
  const index = at < 0 ? tabs.list.length : at + 1;
  const list = tabs.list.toSpliced(index, 0, { id, content, name: null, pinned: false });
  return { ...tabs, list: pinnedFirst(list), active: id };
}

/** Opens a session in a tab at the end, and leaves the one that is in front there. */
export function openBehind(tabs: Tabs, id: TabId, profile: Profile): Tabs {
  const { active } = tabs;
  const opened = openSession(tabs, id, profile, tabs.list.at(-1)?.id);
  return active === null ? opened : { ...opened, active };
}

/** Opens a session beside the focused pane of a tab. */
export function split(tabs: Tabs, id: TabId, pane: PaneId, profile: Profile, axis: Axis): Tabs {
  return changePanes(tabs, id, (content) => {
    if (content.panes.length >= MAX_PANES) return content;
    return {
      ...content,
      panes: [...content.panes, newPane(pane, newSession(profile))],
      layout: splitPane(content.layout, content.focused, pane, axis),
      focused: pane,
      zoomed: false,
    };
  });
}

/** Gives the keyboard to a pane. One that another pane hides gets its place back. */
export function focusPane(tabs: Tabs, pane: PaneId): Tabs {
  const tab = tabOfPane(tabs, pane);
  if (!tab) return tabs;
  const focused = changePanes(tabs, tab.id, (content) =>
    content.focused === pane ? content : { ...content, focused: pane, zoomed: false },
  );
  return activate(focused, tab.id);
}

/** Goes to the pane on that side; null where there is none. */
export function focusTowards(tabs: Tabs, direction: Direction): Tabs | null {
  const tab = activeTab(tabs);
  if (tab?.content.kind !== "panes") return null;
  const next = neighbour(tab.content.layout, tab.content.focused, direction);
  return next === null ? null : focusPane(tabs, next);
}

/** Gives the focused pane the whole tab, or its place back. */
export function toggleZoom(tabs: Tabs, id: TabId): Tabs {
  const zoomed = changePanes(tabs, id, (content) =>
    content.panes.length < 2 ? content : { ...content, zoomed: !content.zoomed },
  );
  return tabs.active === id ? seen(zoomed, id) : zoomed;
}

export function dividerMoved(
  tabs: Tabs,
  id: TabId,
  path: readonly number[],
  index: number,
  value: number,
): Tabs {
  return changePanes(tabs, id, (content) => {
    const layout = moveDivider(content.layout, path, index, value);
    return layout === content.layout ? content : { ...content, layout };
  });
}

export function evenPanes(tabs: Tabs, id: TabId): Tabs {
  return changePanes(tabs, id, (content) => ({ ...content, layout: evened(content.layout) }));
}

/** Makes a tab of its own of a pane, right of the one that it was in. */
export function detachPane(tabs: Tabs, pane: PaneId, newTab: TabId): Tabs {
  const tab = tabOfPane(tabs, pane);
  const moved = paneById(tabs, pane);
  if (!tab || !moved || panesIn(tab).length < 2) return tabs;
  const without = changePanes(tabs, tab.id, (content) => withoutPane(content, pane) ?? content);
  const index = without.list.findIndex(({ id }) => id === tab.id) + 1;
  const list = without.list.toSpliced(index, 0, {
    id: newTab,
    content: onePane(moved),
    name: null,
    pinned: false,
  });
  return activate({ ...without, list: pinnedFirst(list) }, newTab);
}

/** Without a pane; its neighbour has the focus then. Null where none is left. */
function withoutPane(content: Panes, pane: PaneId): Panes | null {
  const layout = removePane(content.layout, pane);
  if (!layout) return null;
  const sides: readonly Direction[] = ["left", "up", "right", "down"];
  const beside = sides.map((side) => neighbour(content.layout, pane, side)).find((id) => id !== null);
  const focused = content.focused === pane ? (beside ?? panesOf(layout)[0] ?? pane) : content.focused;
  const panes = content.panes.filter(({ id }) => id !== pane);
  return { ...content, panes, layout, focused, zoomed: content.zoomed && content.focused !== pane };
}

/** Closes a pane, and its tab with the last one. */
export function closePane(tabs: Tabs, pane: PaneId): Tabs {
  const tab = tabOfPane(tabs, pane);
  const closed = paneById(tabs, pane);
  if (tab?.content.kind !== "panes" || !closed) return tabs;
  if (tab.content.panes.length < 2) return close(tabs, tab.id);
  const { layout } = tab.content;
  const without = changePanes(tabs, tab.id, (content) => withoutPane(content, pane) ?? content);
  const shown = tabs.active === tab.id ? seen(without, tab.id) : without;
  return withClosed(shown, { kind: "pane", tab: tab.id, pane: closed, layout });
}

/** Closes a tab; its right neighbour comes to the front, else its left one. */
export const close = (tabs: Tabs, id: TabId): Tabs => closeAll(tabs, [id]);

/** Closes tabs at one time. The front goes to the next that is left, else to the one before. */
export function closeAll(tabs: Tabs, ids: readonly TabId[]): Tabs {
  const gone = new Set(ids);
  const list = tabs.list.filter(({ id }) => !gone.has(id));
  if (list.length === tabs.list.length) return tabs;
  const closed = tabs.list.flatMap((tab, index): readonly ClosedTab[] =>
    gone.has(tab.id) && tab.content.kind === "panes" ? [{ kind: "tab", tab, index }] : [],
  );
  const kept = closed.length > 0 ? withClosed(tabs, closed) : tabs;
  if (tabs.active === null || !gone.has(tabs.active)) return { ...kept, list };
  const from = tabs.list.findIndex(({ id }) => id === tabs.active);
  const next =
    tabs.list.slice(from).find(({ id }) => !gone.has(id)) ??
    tabs.list.slice(0, from).findLast(({ id }) => !gone.has(id));
  const without: Tabs = { ...kept, list, active: null };
  return next ? activate(without, next.id) : without;
}

function withClosed(tabs: Tabs, what: Closed["what"]): Tabs {
  const id = (tabs.closed.at(-1)?.id ?? 0) + 1;
  return { ...tabs, closed: [...tabs.closed, { id, what, alive: true }].slice(-MAX_CLOSED) };
}

/** The panes of what was closed. */
export const closedPanes = ({ what }: Closed): readonly Pane[] =>
  "kind" in what ? [what.pane] : what.flatMap(({ tab }) => panesIn(tab));

/** The sessions of what was closed have been ended; opened again, it begins anew. */
export function closedForGood(tabs: Tabs, id: number): Tabs {
  return {
    ...tabs,
    closed: tabs.closed.map((each) => (each.id === id ? { ...each, alive: false } : each)),
  };
}

/** Opens what was closed last, or what has this id, where it was. `fresh` makes ids for what begins anew. */
export function reopen(tabs: Tabs, fresh: () => PaneId, id?: number): Tabs {
  const entry = id === undefined ? tabs.closed.at(-1) : tabs.closed.find((each) => each.id === id);
  if (!entry) return tabs;
  const rest: Tabs = { ...tabs, closed: tabs.closed.filter((each) => each !== entry) };
  const { what } = entry;
  if (!("kind" in what)) {
    const back = what.map(({ tab, index }) => ({ tab: entry.alive ? tab : anew(tab, fresh), index }));
    const list = back.reduce((all, { tab, index }) => all.toSpliced(index, 0, tab), rest.list);
    const last = back.at(-1);
    return last ? activate({ ...rest, list: pinnedFirst(list) }, last.tab.id) : rest;
  }
  const pane = entry.alive ? what.pane : newPane(fresh(), newSession(what.pane.session.profile));
  const tab = tabById(rest, what.tab);
  if (tab?.content.kind !== "panes") {
    const own: Tab = { id: fresh(), content: onePane(pane), name: null, pinned: false };
    return activate({ ...rest, list: [...rest.list, own] }, own.id);
  }
  const changed = changePanes(rest, tab.id, (content) => ({
    ...content,
    panes: [...content.panes, pane],
    // Where nothing has changed since, everything is as it was.
    layout: sameLayout(removePane(what.layout, what.pane.id), content.layout)
      ? renamed(what.layout, new Map([[what.pane.id, pane.id]]))
      : splitPane(content.layout, content.focused, pane.id, "row"),
    focused: pane.id,
    zoomed: false,
  }));
  return activate(changed, tab.id);
}

const sameLayout = (one: Layout | null, other: Layout): boolean =>
  one !== null && panesOf(one).join() === panesOf(other).join();

function renamed(layout: Layout, names: ReadonlyMap<PaneId, PaneId>): Layout {
  if (layout.kind === "pane") return single(names.get(layout.id) ?? layout.id);
  return { ...layout, parts: layout.parts.map(({ node, share }) => ({ node: renamed(node, names), share })) };
}

/** The same tab with new sessions. */
function anew(tab: Tab, fresh: () => PaneId): Tab {
  const { content } = tab;
  if (content.kind !== "panes") return tab;
  const names = new Map(content.panes.map(({ id }) => [id, fresh()]));
  const name = (id: PaneId) => names.get(id) ?? id;
  return {
    ...tab,
    id: name(content.panes[0]?.id ?? tab.id),
    content: {
      ...content,
      panes: content.panes.map(({ id, session }) => newPane(name(id), newSession(session.profile))),
      layout: renamed(content.layout, names),
      focused: name(content.focused),
    },
  };
}

/** Gives a tab a name of its own; an empty one takes it away. */
export function rename(tabs: Tabs, id: TabId, text: string): Tabs {
  const name = Array.from(cleanTitle(text)).slice(0, MAX_NAME).join("") || null;
  return change(tabs, id, (tab) => (tab.name === name ? tab : { ...tab, name }));
}

/** Pins a tab behind the other pinned ones, or lets it go. The start page is not worth it. */
export function togglePin(tabs: Tabs, id: TabId): Tabs {
  const changed = change(tabs, id, (tab) =>
    tab.content.kind === "start" ? tab : { ...tab, pinned: !tab.pinned },
  );
  return changed === tabs ? tabs : { ...changed, list: pinnedFirst(changed.list) };
}

const pinnedFirst = (list: readonly Tab[]): readonly Tab[] =>
  list.toSorted((one, other) => Number(other.pinned) - Number(one.pinned));

/** Tabs that a person means by "the others": all that are not pinned. */
export const othersOf = (tabs: Tabs, id: TabId): readonly Tab[] =>
  tabs.list.filter((tab) => tab.id !== id && !tab.pinned);

/** Tabs on the right of one, without pinned ones. */
export const rightOf = (tabs: Tabs, id: TabId): readonly Tab[] =>
  tabs.list.slice(tabs.list.findIndex((tab) => tab.id === id) + 1).filter(({ pinned }) => !pinned);

export function activate(tabs: Tabs, id: TabId): Tabs {
  if (!tabById(tabs, id)) return tabs;
  const shown = seen(tabs, id);
  return shown.active === id ? shown : { ...shown, active: id };
}

/** What can be seen of a tab has been seen. */
const seen = (tabs: Tabs, id: TabId): Tabs =>
  changePanes(tabs, id, (content) =>
    content.panes.some((pane) => (pane.unseen || pane.bell) && isUncovered(content, pane.id))
      ? {
          ...content,
          panes: content.panes.map((pane) =>
            isUncovered(content, pane.id) ? { ...pane, unseen: false, bell: false } : pane,
          ),
        }
      : content,
  );

/** Goes so many tabs to the right, around the ends. */
export function activateBy(tabs: Tabs, offset: number): Tabs {
  const { length } = tabs.list;
  const index = tabs.list.findIndex((tab) => tab.id === tabs.active);
  const next = length > 0 ? tabs.list[(((index + offset) % length) + length) % length] : undefined;
  return next ? activate(tabs, next.id) : tabs;
}

/** Goes to a tab by number: 1 to 8 as counted, 9 is the last. Null where there is none. */
export function activateNumber(tabs: Tabs, number: number): Tabs | null {
  const tab = number === 9 ? tabs.list.at(-1) : tabs.list[number - 1];
  return tab ? activate(tabs, tab.id) : null;
}

/** Moves a tab by so many places, up to the ends; pinned tabs stay among themselves, and so do the others. */
export function moveBy(tabs: Tabs, id: TabId, offset: number): Tabs {
  const from = tabs.list.findIndex((tab) => tab.id === id);
  const tab = tabs.list[from];
  if (!tab) return tabs;
  const to = Math.max(0, Math.min(tabs.list.length - 1, from + offset));
  if (to === from) return tabs;
  const list = pinnedFirst(tabs.list.toSpliced(from, 1).toSpliced(to, 0, tab));
  return list.every((each, index) => each === tabs.list[index]) ? tabs : { ...tabs, list };
}

/** Takes over an order made by dragging; ids that are not there are ignored, and those left out go last. */
export function reorder(tabs: Tabs, ids: readonly TabId[]): Tabs {
  const rank = (tab: Tab) => {
    const index = ids.indexOf(tab.id);
    return index < 0 ? ids.length : index;
  };
  const list = pinnedFirst(tabs.list.toSorted((one, other) => rank(one) - rank(other)));
  return list.every((tab, index) => tab === tabs.list[index]) ? tabs : { ...tabs, list };
}

/** Begins again in the same pane. Only an ended session can, or one that has not begun. */
export function restart(tabs: Tabs, id: TabId): Tabs {
  return changeSession(tabs, id, null, (session) =>
    session.state.kind === "ended"
      ? { ...newSession(session.profile), attempt: session.attempt + 1, size: session.size }
      : session,
  );
}

/** Takes over what the backend says of a session. Nothing follows an end. */
export function sessionStateChanged(tabs: Tabs, id: PaneId, attempt: number, state: SessionState): Tabs {
  return changeSession(tabs, id, attempt, (session) => {
    if (session.state.kind === "ended") return session;
    switch (state.kind) {
      case "connecting":
        return { ...session, state };
      case "reconnecting":
      case "waitingForSignIn":
        return { ...session, state, silence: null };
      case "ended":
        return { ...session, state, silence: null, paste: null, progress: null };
      case "open":
        return {
          ...session,
          state,
          sessionId: state.sessionId,
          agentVersion: state.agentVersion,
          resumes: session.resumes + Number(wasLost(session)),
        };
      default:
        return assertNever(state);
    }
  });
}

/** Whether an open session's connection is gone for the moment. */
const wasLost = ({ state, sessionId }: TabSession): boolean =>
  sessionId !== null && (state.kind === "reconnecting" || state.kind === "waitingForSignIn");

export function sessionFailed(tabs: Tabs, id: PaneId, attempt: number, message: string): Tabs {
  const ended: Ended = {
    cause: "refused",
    by: "service",
    message,
    remedy: null,
    detail: null,
    exitCode: null,
  };
  return sessionStateChanged(tabs, id, attempt, { kind: "ended", ended });
}

export function silenceChanged(tabs: Tabs, id: PaneId, attempt: number, silence: Silence | null): Tabs {
  return changeSession(tabs, id, attempt, (session) => ({ ...session, silence }));
}

export function pasteProgressed(tabs: Tabs, id: PaneId, paste: PasteProgress | null): Tabs {
  return changeSession(tabs, id, null, (session) =>
    session.paste === null && paste === null ? session : { ...session, paste },
  );
}

export function noticed(tabs: Tabs, id: PaneId, attempt: number, message: string): Tabs {
  return changeSession(tabs, id, attempt, (session) =>
    session.notices.includes(message)
      ? session
      : { ...session, notices: [...session.notices, message].slice(-MAX_NOTICES) },
  );
}

export function dismissNotice(tabs: Tabs, id: PaneId, message: string): Tabs {
  return changeSession(tabs, id, null, (session) => ({
    ...session,
    notices: session.notices.filter((notice) => notice !== message),
  }));
}

export function titled(tabs: Tabs, id: PaneId, raw: string): Tabs {
  const remoteTitle = cleanTitle(raw);
  return changeSession(tabs, id, null, (session) =>
    session.remoteTitle === remoteTitle ? session : { ...session, remoteTitle },
  );
}

export function resized(tabs: Tabs, id: PaneId, size: TerminalSize): Tabs {
  return changeSession(tabs, id, null, (session) =>
    session.size?.cols === size.cols && session.size.rows === size.rows ? session : { ...session, size },
  );
}

export function progressed(tabs: Tabs, id: PaneId, progress: Progress | null): Tabs {
  return changeSession(tabs, id, null, (session) =>
    session.progress?.kind === progress?.kind && session.progress?.percent === progress?.percent
      ? session
      : { ...session, progress },
  );
}

export function roundTripMeasured(tabs: Tabs, id: PaneId, attempt: number, roundTripMs: number): Tabs {
  return changeSession(tabs, id, attempt, (session) =>
    session.roundTripMs === roundTripMs ? session : { ...session, roundTripMs },
  );
}

export function outputArrived(tabs: Tabs, id: PaneId): Tabs {
  return changePane(tabs, id, (pane) =>
    pane.unseen || isShown(tabs, id) ? pane : { ...pane, unseen: true },
  );
}

export function bellRang(tabs: Tabs, id: PaneId): Tabs {
  return changePane(tabs, id, (pane) => (pane.bell || isShown(tabs, id) ? pane : { ...pane, bell: true }));
}

/** Shows a profile's new name and colour on its panes. What a session was started with stays as it was. */
export function profileSaved(tabs: Tabs, profile: Profile): Tabs {
  return tabs.list
    .flatMap(panesIn)
    .reduce(
      (all, pane) =>
        changeSession(all, pane.id, null, (session) =>
          session.profile.id === profile.id ? { ...session, profile } : session,
        ),
      tabs,
    );
}

function change(tabs: Tabs, id: TabId, update: (tab: Tab) => Tab): Tabs {
  const index = tabs.list.findIndex((tab) => tab.id === id);
  const tab = tabs.list[index];
  if (!tab) return tabs;
  const changed = update(tab);
  return changed === tab ? tabs : { ...tabs, list: tabs.list.with(index, changed) };
}

function changePanes(tabs: Tabs, id: TabId, update: (content: Panes) => Panes): Tabs {
  return change(tabs, id, (tab) => {
    if (tab.content.kind !== "panes") return tab;
    const content = update(tab.content);
    return content === tab.content ? tab : { ...tab, content };
  });
}

/** Changes a pane wherever it is, closed ones included. */
function changePane(tabs: Tabs, id: PaneId, update: (pane: Pane) => Pane): Tabs {
  const tab = tabOfPane(tabs, id);
  if (tab) return changePanes(tabs, tab.id, (content) => withPane(content, id, update));
  const closed = tabs.closed.map((entry): Closed => {
    const { what } = entry;
    if (!closedPanes(entry).some((pane) => pane.id === id)) return entry;
    if ("kind" in what) return { ...entry, what: { ...what, pane: update(what.pane) } };
    const changed = what.map((each) =>
      each.tab.content.kind === "panes"
        ? { ...each, tab: { ...each.tab, content: withPane(each.tab.content, id, update) } }
        : each,
    );
    return { ...entry, what: changed };
  });
  return closed.every((entry, index) => entry === tabs.closed[index]) ? tabs : { ...tabs, closed };
}

function withPane(content: Panes, id: PaneId, update: (pane: Pane) => Pane): Panes {
  const index = content.panes.findIndex((pane) => pane.id === id);
  const pane = content.panes[index];
  if (!pane) return content;
  const changed = update(pane);
  return changed === pane ? content : { ...content, panes: content.panes.with(index, changed) };
}

/** `attempt` null means whichever is in the pane now. */
function changeSession(
  tabs: Tabs,
  id: PaneId,
  attempt: number | null,
  update: (session: TabSession) => TabSession,
): Tabs {
  return changePane(tabs, id, (pane) => {
    const { session } = pane;
    if (attempt !== null && session.attempt !== attempt) return pane;
    const changed = update(session);
    return changed === session ? pane : { ...pane, session: changed };
  });
}
