/** Tabs and their panes: what a person does with them. */
import type { Profile } from "../generated/Profile";
import { profileList } from "../model/appState";
import { type Axis, type Direction, dividerBeside, dividersOf, extentOf, type PaneId } from "../model/layout";
import * as tabs from "../model/tabs";
import { type Closed, closedPanes, sessionOf, type Tab, type TabId } from "../model/tabs";
import { strings } from "../strings";
import type { Desk } from "./desk";
import type { TerminalControl } from "./terminalControl";

/** So long the sessions of what was closed go on, in case that it was not meant. */
export const UNDO_MS = 5_000;

/** Where a session is to be shown; without a place, in a tab in front. */
export interface OpenOptions {
  readonly place?: "tab" | "background" | "right" | "down";
}

export class TabControl {
  #lastTab = 0;

  constructor(
    private readonly desk: Desk,
    private readonly terminals: TerminalControl,
  ) {}

  open(profile: Profile, { place = "tab" }: OpenOptions = {}): void {
    // One that came from the AWS configuration lacks its target still.
    if (profile.target === "") {
      this.desk.set({ dialog: { kind: "profileForm", profile } });
      return;
    }
    const front = this.desk.store.state().tabs.active;
    if (front !== null && (place === "right" || place === "down")) {
      const tab = tabs.tabById(this.desk.store.state().tabs, front);
      if (tab?.content.kind === "panes") {
        const { focused } = tab.content;
        const axis = place === "right" ? "row" : "column";
        this.desk.changeTabs((all) => tabs.split(all, focused, this.newId(), profile, axis));
        return;
      }
    }
    this.desk.changeTabs((all) => tabs.openSession(all, this.newId(), profile));
    if (place === "background" && front !== null) this.desk.changeTabs((all) => tabs.activate(all, front));
  }

  openStart(): void {
    this.desk.changeTabs((all) => tabs.openStart(all, this.newId()));
  }

  duplicate(id: TabId): void {
    const profile = this.#profileOf(id);
    if (profile) this.desk.changeTabs((all) => tabs.openSession(all, this.newId(), profile, id));
  }

  /** Opens the focused pane's profile a second time, beside it. */
  split(id: TabId, axis: Axis): void {
    const profile = this.#profileOf(id);
    if (profile) this.desk.changeTabs((all) => tabs.split(all, id, this.newId(), profile, axis));
  }

  /** The profile of a tab's focused pane, as it is now. */
  #profileOf(id: TabId): Profile | null {
    const state = this.desk.store.state();
    const session = sessionOf(tabs.tabById(state.tabs, id));
    if (!session) return null;
    return profileList(state).find((each) => each.id === session.profile.id) ?? session.profile;
  }

  focusPane(id: PaneId): void {
    this.desk.changeTabs((all) => tabs.focusPane(all, id));
  }

  /** False where there is no pane on that side. */
  focusTowards(direction: Direction): boolean {
    const changed = tabs.focusTowards(this.desk.store.state().tabs, direction);
    if (changed) this.desk.changeTabs(() => changed);
    return changed !== null;
  }

  toggleZoom(id: TabId): void {
    this.desk.changeTabs((all) => tabs.toggleZoom(all, id));
  }

  moveDivider(id: TabId, path: readonly number[], index: number, value: number): void {
    this.desk.changeTabs((all) => tabs.dividerMoved(all, id, path, index, value));
  }

  extent(id: TabId, path: readonly number[], index: number): { start: number; size: number } {
    const content = tabs.tabById(this.#tabs, id)?.content;
    return content?.kind === "panes" ? extentOf(content.layout, path, index) : { start: 0, size: 1 };
  }

  /** Gives the keyboard to the line beside the focused pane, which the arrow keys move; false where there is none. */
  focusDivider(id: TabId): boolean {
    const content = tabs.tabById(this.#tabs, id)?.content;
    const divider = content?.kind === "panes" ? dividerBeside(content.layout, content.focused) : null;
    if (content?.kind !== "panes" || !divider) return false;
    const index = dividersOf(content.layout).findIndex(
      (each) => each.index === divider.index && each.path.join() === divider.path.join(),
    );
    const panes = document.querySelector(`[data-pane-id="${content.focused}"]`)?.parentElement;
    panes?.querySelectorAll<HTMLElement>(":scope > [role=separator]")[index]?.focus();
    return true;
  }

  evenPanes(id: TabId): void {
    this.desk.changeTabs((all) => tabs.evenPanes(all, id));
  }

  detachPane(id: PaneId): void {
    this.desk.changeTabs((all) => tabs.detachPane(all, id, this.newId()));
  }

  /** Closes the focused pane of a tab, which takes the tab with it where it is the last. */
  closeFocused(id: TabId): void {
    const tab = tabs.tabById(this.#tabs, id);
    const pane = tabs.focusedPane(tab);
    if (pane && tabs.panesIn(tab).length > 1) this.closePane(pane.id);
    else this.close(id);
  }

  closePane(id: PaneId): void {
    const tab = tabs.tabOfPane(this.#tabs, id);
    if (tab && tabs.panesIn(tab).length < 2) this.close(tab.id);
    else this.#closed((all) => tabs.closePane(all, id));
  }

  /** A pinned tab is asked about while it lives: it was pinned to stay. */
  close(id: TabId): void {
    const tab = tabs.tabById(this.#tabs, id);
    if (tab?.pinned && tabs.isLive(tab)) this.desk.set({ dialog: { kind: "closeTabs", tabs: [id] } });
    else this.closeNow([id]);
  }

  closeOthers(id: TabId): void {
    this.#closeMany(tabs.othersOf(this.#tabs, id));
  }

  closeToRight(id: TabId): void {
    this.#closeMany(tabs.rightOf(this.#tabs, id));
  }

  /** One question for all of them, where something is running. */
  #closeMany(many: readonly Tab[]): void {
    const ids = many.map(({ id }) => id);
    if (many.some(tabs.isLive)) this.desk.set({ dialog: { kind: "closeTabs", tabs: ids } });
    else this.closeNow(ids);
  }

  closeNow(ids: readonly TabId[]): void {
    this.#closed((all) => tabs.closeAll(all, ids));
  }

  /** Closes something; it can be had back as it was for a moment. */
  #closed(change: (all: tabs.Tabs) => tabs.Tabs): void {
    const before = this.#tabs.closed.at(-1);
    this.desk.changeTabs(change);
    const entry = this.#tabs.closed.at(-1);
    if (!entry || entry === before) return;
    const end = () => this.#endClosed(entry.id);
    setTimeout(end, UNDO_MS);
    this.desk.toast("plain", strings.tabs.closed(nameOfClosed(entry), closedCount(entry)), {
      action: { label: strings.tabs.undo, run: () => this.reopen(entry.id) },
      dismissed: end,
      forMs: UNDO_MS,
    });
  }

  /** Ends the sessions of what was closed, if it has not come back. */
  #endClosed(id: number): void {
    const entry = this.#tabs.closed.find((each) => each.id === id);
    if (!entry?.alive) return;
    for (const pane of closedPanes(entry)) this.terminals.dispose(pane.id);
    this.desk.changeTabs((all) => tabs.closedForGood(all, id));
  }

  /** Opens again what was closed last; false where there is nothing. */
  reopen(id?: number): boolean {
    const before = this.#tabs;
    if (before.closed.length === 0) return false;
    this.desk.changeTabs((all) => tabs.reopen(all, () => this.newId(), id));
    return true;
  }

  rename(id: TabId | null): void {
    this.desk.set({ renaming: id });
  }

  renamed(id: TabId, name: string): void {
    this.desk.changeTabs((all) => tabs.rename(all, id, name));
    this.desk.set({ renaming: null });
  }

  togglePin(id: TabId): void {
    this.desk.changeTabs((all) => tabs.togglePin(all, id));
  }

  restart(id: PaneId): void {
    this.desk.changeTabs((all) => tabs.restart(all, id));
  }

  /** Starts every session that waits for it. */
  startAll(): void {
    for (const tab of this.#tabs.list)
      for (const pane of tabs.panesIn(tab)) if (tabs.isIdle(pane.session)) this.restart(pane.id);
  }

  dismissNotice(id: PaneId, notice: string): void {
    this.desk.changeTabs((all) => tabs.dismissNotice(all, id, notice));
  }

  get #tabs(): tabs.Tabs {
    return this.desk.store.state().tabs;
  }

  newId(): TabId {
    this.#lastTab += 1;
    return `tab-${this.#lastTab}`;
  }
}

const closedCount = ({ what }: Closed): number => ("kind" in what ? 1 : what.length);

function nameOfClosed({ what }: Closed): string {
  if ("kind" in what) return what.pane.session.profile.name;
  const [first] = what;
  return first ? tabs.nameOf(first.tab) : "";
}
