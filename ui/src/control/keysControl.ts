/** Keys that the person types. What is secret of them passes through here to the host and is kept nowhere. */
import type { TypedKeys } from "../host/host";
import { strings } from "../strings";
import type { Desk } from "./desk";

export class KeysControl {
  #lastLoad = 0;

  constructor(private readonly desk: Desk) {}

  /** Asks the keyring, which may take its time. */
  async load(): Promise<void> {
    this.#lastLoad += 1;
    const load = this.#lastLoad;
    try {
      const storedKeys = await this.desk.host.listKeys();
      if (load === this.#lastLoad) this.desk.set({ storedKeys });
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  /** Rejects with the host's error; what the keyring did not take waits at the host. */
  async keep(typed: TypedKeys): Promise<void> {
    try {
      await this.desk.host.keepKeys(typed);
      this.desk.announce(strings.keys.kept(typed.name.trim()));
    } finally {
      await this.load();
    }
  }

  async keepWaiting(onlyForThisRun: boolean): Promise<void> {
    try {
      await this.desk.host.keepWaitingKeys(onlyForThisRun);
    } catch (reason) {
      this.desk.showError(reason);
    }
    await this.load();
  }

  async dropWaiting(): Promise<void> {
    try {
      await this.desk.host.dropWaitingKeys();
    } catch (reason) {
      this.desk.showError(reason);
    }
    await this.load();
  }

  async delete(name: string): Promise<void> {
    try {
      await this.desk.host.deleteKeys(name);
      this.desk.toast("plain", strings.toast.deleted(name));
    } catch (reason) {
      this.desk.showError(reason);
    }
    await this.load();
  }
}
