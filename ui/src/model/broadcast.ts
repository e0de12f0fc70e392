/** Typing into several panes at once: which they are, and who hears what is typed where. */
import { isProduction } from "./profiles";
import type { PaneId } from "./layout";
import { isLiveSession, type Pane, paneById, panesIn, type Tabs, tabById, type TabId } from "./tabs";

/** The panes that type together; null while none do. */
export type Broadcast = ReadonlySet<PaneId> | null;

/** Which panes are offered at first. */
export type Scope = "tab" | "all";

/** Panes that could take part: what is typed into any other would be lost. */
export const candidates = (tabs: Tabs): readonly Pane[] =>
  tabs.list.flatMap(panesIn).filter(({ session }) => isLiveSession(session));

/** The panes to begin with. Those in production are never among them: they are chosen one by one. */
export function proposed(tabs: Tabs, front: TabId | null, scope: Scope): ReadonlySet<PaneId> {
  const near = front === null ? [] : panesIn(tabById(tabs, front));
  const wanted = candidates(tabs).filter(
    (pane) => (scope === "all" || near.includes(pane)) && !isProduction(pane.session.profile),
  );
  return new Set(wanted.map(({ id }) => id));
}

/** The panes of these that lead into production. */
export const inProduction = (tabs: Tabs, panes: ReadonlySet<PaneId>): readonly Pane[] =>
  candidates(tabs).filter(({ id, session }) => panes.has(id) && isProduction(session.profile));

/** Who else hears what is typed into a pane. */
export function listeners(tabs: Tabs, broadcast: Broadcast, from: PaneId): readonly PaneId[] {
  if (!broadcast?.has(from)) return [];
  return [...broadcast].filter((id) => {
    const pane = id === from ? undefined : paneById(tabs, id);
    return pane !== undefined && isLiveSession(pane.session);
  });
}

/** Without panes that are gone or have ended; a new session never joins by itself. Null once fewer than two are left. */
export function pruned(tabs: Tabs, broadcast: Broadcast): Broadcast {
  if (!broadcast) return null;
  const left = candidates(tabs).filter(({ id }) => broadcast.has(id));
  if (left.length === broadcast.size) return broadcast;
  return left.length < 2 ? null : new Set(left.map(({ id }) => id));
}
