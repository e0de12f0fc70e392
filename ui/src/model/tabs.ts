/** The tabs and what each shows: data, changed by pure functions only. */
import type { Ended } from "../generated/Ended";
import type { Profile } from "../generated/Profile";
import type { SessionState } from "../generated/SessionState";
import type { Silence } from "../generated/Silence";
import type { TerminalSize } from "../generated/TerminalSize";
import { assertNever } from "./assertNever";
import { cleanTitle } from "./title";

export type TabId = string;

/** A session as its tab shows it. It outlives its connection, so that the reason for the end can be read. */
export interface TabSession {
  readonly profile: Profile;
  /** Counts how often a session was started in this tab; what belongs to an earlier one is ignored. */
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
}

/** How far a large paste has come, in bytes; as the terminal's input queue tells. */
export interface PasteProgress {
  readonly sent: number;
  readonly total: number;
}

export type TabContent =
  { readonly kind: "start" } | { readonly kind: "session"; readonly session: TabSession };

export interface Tab {
  readonly id: TabId;
  readonly content: TabContent;
  /** Output came while the tab was out of sight. */
  readonly unseen: boolean;
  /** The bell rang while the tab was out of sight. */
  readonly bell: boolean;
}

export interface Tabs {
  readonly list: readonly Tab[];
  /** Null only while there is no tab. */
  readonly active: TabId | null;
}

export const NO_TABS: Tabs = { list: [], active: null };

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

export const sessionOf = (tab: Tab | undefined): TabSession | null =>
  tab?.content.kind === "session" ? tab.content.session : null;

/** Whether a tab's session may still run at the far end. */
export const isLive = (tab: Tab): boolean => {
  const session = sessionOf(tab);
  return session !== null && session.state.kind !== "ended";
};

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
  };
}

/** Opens the start page in a tab of its own, or shows the one that is open already. */
export function openStart(tabs: Tabs, id: TabId): Tabs {
  const open = tabs.list.find((tab) => tab.content.kind === "start");
  if (open) return activate(tabs, open.id);
  const tab: Tab = { id, content: { kind: "start" }, unseen: false, bell: false };
  return { list: [...tabs.list, tab], active: id };
}

/** Opens a session: in place of the start page where that is in front, else in a tab at the end or after another. */
export function openSession(tabs: Tabs, id: TabId, profile: Profile, after?: TabId): Tabs {
  const content: TabContent = { kind: "session", session: newSession(profile) };
  const front = activeTab(tabs);
  if (after === undefined && front?.content.kind === "start") {
    return change(tabs, front.id, (tab) => ({ ...tab, content }));
  }
  const at = after === undefined ? -1 : tabs.list.findIndex((tab) => tab.id === after);
  const index = at < 0 ? tabs.list.length : at + 1;
  return {
    list: tabs.list.toSpliced(index, 0, { id, content, unseen: false, bell: false }),
    active: id,
  };
}

/** Closes a tab; its right neighbour comes to the front, else its left one. */
export function close(tabs: Tabs, id: TabId): Tabs {
  const index = tabs.list.findIndex((tab) => tab.id === id);
  if (index < 0) return tabs;
  const list = tabs.list.toSpliced(index, 1);
  if (tabs.active !== id) return { ...tabs, list };
  const next = list[index] ?? list[index - 1];
  return next ? activate({ list, active: null }, next.id) : NO_TABS;
}

export function activate(tabs: Tabs, id: TabId): Tabs {
  if (!tabById(tabs, id)) return tabs;
  const seen = change(tabs, id, (tab) =>
    tab.unseen || tab.bell ? { ...tab, unseen: false, bell: false } : tab,
  );
  return seen.active === id ? seen : { ...seen, active: id };
}

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

/** Moves a tab by so many places, up to the ends. */
export function moveBy(tabs: Tabs, id: TabId, offset: number): Tabs {
  const from = tabs.list.findIndex((tab) => tab.id === id);
  const tab = tabs.list[from];
  if (!tab) return tabs;
  const to = Math.max(0, Math.min(tabs.list.length - 1, from + offset));
  if (to === from) return tabs;
  return { ...tabs, list: tabs.list.toSpliced(from, 1).toSpliced(to, 0, tab) };
}

/** Takes over an order made by dragging; ids that are not there are ignored, and those left out go last. */
export function reorder(tabs: Tabs, ids: readonly TabId[]): Tabs {
  const rank = (tab: Tab) => {
    const index = ids.indexOf(tab.id);
    return index < 0 ? ids.length : index;
  };
  const list = tabs.list.toSorted((one, other) => rank(one) - rank(other));
  return list.every((tab, index) => tab === tabs.list[index]) ? tabs : { ...tabs, list };
}

/** Begins again in the same tab. Only an ended session can. */
export function restart(tabs: Tabs, id: TabId): Tabs {
  return changeSession(tabs, id, null, (session) =>
    session.state.kind === "ended"
      ? { ...newSession(session.profile), attempt: session.attempt + 1, size: session.size }
      : session,
  );
}

/** Takes over what the backend says of a session. Nothing follows an end. */
export function sessionStateChanged(tabs: Tabs, id: TabId, attempt: number, state: SessionState): Tabs {
  return changeSession(tabs, id, attempt, (session) => {
    if (session.state.kind === "ended") return session;
    switch (state.kind) {
      case "connecting":
        return { ...session, state };
      case "reconnecting":
      case "waitingForSignIn":
        return { ...session, state, silence: null };
      case "ended":
        return { ...session, state, silence: null, paste: null };
      case "open":
        return { ...session, state, sessionId: state.sessionId, agentVersion: state.agentVersion };
      default:
        return assertNever(state);
    }
  });
}

export function sessionFailed(tabs: Tabs, id: TabId, attempt: number, message: string): Tabs {
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

export function silenceChanged(tabs: Tabs, id: TabId, attempt: number, silence: Silence | null): Tabs {
  return changeSession(tabs, id, attempt, (session) => ({ ...session, silence }));
}

export function pasteProgressed(tabs: Tabs, id: TabId, paste: PasteProgress | null): Tabs {
  return changeSession(tabs, id, null, (session) =>
    session.paste === null && paste === null ? session : { ...session, paste },
  );
}

export function noticed(tabs: Tabs, id: TabId, attempt: number, message: string): Tabs {
  return changeSession(tabs, id, attempt, (session) =>
    session.notices.includes(message)
      ? session
      : { ...session, notices: [...session.notices, message].slice(-MAX_NOTICES) },
  );
}

export function dismissNotice(tabs: Tabs, id: TabId, message: string): Tabs {
  return changeSession(tabs, id, null, (session) => ({
    ...session,
    notices: session.notices.filter((notice) => notice !== message),
  }));
}

export function titled(tabs: Tabs, id: TabId, raw: string): Tabs {
  const remoteTitle = cleanTitle(raw);
  return changeSession(tabs, id, null, (session) =>
    session.remoteTitle === remoteTitle ? session : { ...session, remoteTitle },
  );
}

export function resized(tabs: Tabs, id: TabId, size: TerminalSize): Tabs {
  return changeSession(tabs, id, null, (session) =>
    session.size?.cols === size.cols && session.size.rows === size.rows ? session : { ...session, size },
  );
}

export function outputArrived(tabs: Tabs, id: TabId): Tabs {
  return change(tabs, id, (tab) => (tab.unseen || tabs.active === id ? tab : { ...tab, unseen: true }));
}

export function bellRang(tabs: Tabs, id: TabId): Tabs {
  return change(tabs, id, (tab) => (tab.bell || tabs.active === id ? tab : { ...tab, bell: true }));
}

/** Shows a profile's new name and colour on its tabs. What a session was started with stays as it was. */
export function profileSaved(tabs: Tabs, profile: Profile): Tabs {
  return tabs.list.reduce(
    (all, tab) =>
      changeSession(all, tab.id, null, (session) =>
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

/** `attempt` null means whichever is in the tab now. */
function changeSession(
  tabs: Tabs,
  id: TabId,
  attempt: number | null,
  update: (session: TabSession) => TabSession,
): Tabs {
  return change(tabs, id, (tab) => {
    const session = sessionOf(tab);
    if (!session || (attempt !== null && session.attempt !== attempt)) return tab;
    const changed = update(session);
    return changed === session ? tab : { ...tab, content: { kind: "session", session: changed } };
  });
}
