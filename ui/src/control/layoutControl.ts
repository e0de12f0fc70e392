/** Keeps the open tabs for the next start, and brings them back. */
import { profileList } from "../model/appState";
import { readTabs, writeTabs } from "../model/savedLayout";
import type { Desk } from "./desk";
import type { TabControl } from "./tabControl";

/** A moment of rest before it is written down; a change every while is written all the same. */
const REST_MS = 400;

export class LayoutControl {
  #saved = "";
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly desk: Desk,
    private readonly tabs: TabControl,
  ) {}

  /** Brings back what was open, where nothing is open yet, and keeps what changes from now on. */
  async start(): Promise<void> {
    try {
      const text = await this.desk.host.loadLayout();
      const profiles = profileList(this.desk.store.state());
      const restored = text === null ? null : readTabs(text, profiles, () => this.tabs.newId());
      if (restored) this.desk.changeTabs((all) => (all.list.length === 0 ? restored : all));
    } catch (reason) {
      this.desk.showError(reason);
    }
    // Profiles that could not be read would take their tabs with them.
    if (this.desk.store.state().profiles.kind !== "ready") return;
    this.#saved = writeTabs(this.desk.store.state().tabs);
    let before = this.desk.store.state().tabs;
    this.desk.store.subscribe(() => {
      const { tabs } = this.desk.store.state();
      if (tabs === before) return;
      before = tabs;
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#save();
      }, REST_MS);
    });
  }

  #save(): void {
    const text = writeTabs(this.desk.store.state().tabs);
    if (text === this.#saved) return;
    this.#saved = text;
    this.desk.host.saveLayout(text).catch((reason: unknown) => this.desk.showError(reason));
  }
}
