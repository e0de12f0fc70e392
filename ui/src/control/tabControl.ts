/** Tabs: what a person does with them. */
import type { Profile } from "../generated/Profile";
import { profileList } from "../model/appState";
import * as tabs from "../model/tabs";
import { sessionOf, type TabId } from "../model/tabs";
import type { Desk } from "./desk";
import type { TerminalControl } from "./terminalControl";

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

  /** Places that there are not yet are a tab in front. */
  open(profile: Profile, options: OpenOptions = {}): void {
    const front = this.desk.store.state().tabs.active;
    this.desk.changeTabs((all) => tabs.openSession(all, this.#newId(), profile));
    if (options.place === "background" && front !== null)
      this.desk.changeTabs((all) => tabs.activate(all, front));
  }

  openStart(): void {
    this.desk.changeTabs((all) => tabs.openStart(all, this.#newId()));
  }

  duplicate(id: TabId): void {
    const state = this.desk.store.state();
    const session = sessionOf(tabs.tabById(state.tabs, id));
    if (!session) return;
    const profile = profileList(state).find((each) => each.id === session.profile.id) ?? session.profile;
    this.desk.changeTabs((all) => tabs.openSession(all, this.#newId(), profile, id));
  }

  close(id: TabId): void {
    this.desk.changeTabs((all) => tabs.close(all, id));
    this.terminals.dispose(id);
  }

  closeOthers(id: TabId): void {
    for (const tab of this.desk.store.state().tabs.list) if (tab.id !== id) this.close(tab.id);
  }

  restart(id: TabId): void {
    this.desk.changeTabs((all) => tabs.restart(all, id));
  }

  dismissNotice(id: TabId, notice: string): void {
    this.desk.changeTabs((all) => tabs.dismissNotice(all, id, notice));
  }

  #newId(): TabId {
    this.#lastTab += 1;
    return `tab-${this.#lastTab}`;
  }
}
