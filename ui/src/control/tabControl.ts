/** Tabs: what a person does with them. */
import type { Profile } from "../generated/Profile";
import { profileList } from "../model/appState";
import * as tabs from "../model/tabs";
import { sessionOf, type TabId } from "../model/tabs";
import type { Desk } from "./desk";
import type { TerminalControl } from "./terminalControl";

export class TabControl {
  #lastTab = 0;

  constructor(
    private readonly desk: Desk,
    private readonly terminals: TerminalControl,
  ) {}

  open(profile: Profile): void {
    // One that came from the AWS configuration lacks its target still.
    if (profile.target === "") {
      this.desk.set({ dialog: { kind: "profileForm", profile } });
      return;
    }
    this.desk.changeTabs((all) => tabs.openSession(all, this.#newId(), profile));
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
