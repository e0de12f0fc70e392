/** Typing into several panes at once: turning it on and off. */
import type { PaneId } from "../model/layout";
import { candidates, pruned } from "../model/broadcast";
import { strings } from "../strings";
import type { Desk } from "./desk";

export class BroadcastControl {
  constructor(private readonly desk: Desk) {}

  /** Off at once where it is on, else asks for whom; false where there are not two panes for it. */
  toggle(): boolean {
    const { broadcast, tabs } = this.desk.store.state();
    if (broadcast) {
      this.stop();
      return true;
    }
    if (candidates(tabs).length < 2) return false;
    this.desk.set({ dialog: { kind: "broadcast" } });
    return true;
  }

  start(panes: ReadonlySet<PaneId>): void {
    const { tabs } = this.desk.store.state();
    this.desk.set({ dialog: null, broadcast: pruned(tabs, panes) });
    this.desk.announce(strings.tabs.broadcastOn(panes.size));
  }

  stop(): void {
    this.desk.set({ broadcast: null });
    this.desk.announce(strings.tabs.broadcastOff);
  }
}
