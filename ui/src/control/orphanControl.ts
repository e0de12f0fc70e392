/** Sessions that an earlier run left open at the service. */
import { strings } from "../strings";
import type { Desk } from "./desk";

export class OrphanControl {
  constructor(private readonly desk: Desk) {}

  /** Asks the service, which may take its time; nothing waits for it. */
  async find(): Promise<void> {
    try {
      this.desk.set({ orphans: await this.desk.host.findOrphans() });
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  async end(): Promise<void> {
    const { orphans } = this.desk.store.state();
    this.desk.set({ orphans: [] });
    try {
      await this.desk.host.endOrphans();
      this.desk.toast("plain", strings.orphans.ended(orphans.length));
    } catch (reason) {
      this.desk.showError(reason);
      void this.find();
    }
  }

  async leave(): Promise<void> {
    this.desk.set({ orphans: [] });
    try {
      await this.desk.host.leaveOrphans();
    } catch (reason) {
      this.desk.showError(reason);
    }
  }
}
