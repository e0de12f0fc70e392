/** Saved connections: what a person does with them. */
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import { toHostError } from "../host/host";
import { withoutProfile, withProfile } from "../model/appState";
import * as tabs from "../model/tabs";
import { strings } from "../strings";
import type { Desk } from "./desk";

export class ProfileControl {
  constructor(private readonly desk: Desk) {}

  async load(): Promise<void> {
    this.desk.set({ profiles: { kind: "loading" } });
    try {
      const { profiles, notices } = await this.desk.host.listProfiles();
      this.desk.set({ profiles: { kind: "ready", list: profiles }, storeNotices: notices });
    } catch (reason) {
      this.desk.set({ profiles: { kind: "failed", message: toHostError(reason).message } });
    }
  }

  edit(profile: Profile | null): void {
    this.desk.set({ dialog: { kind: "profileForm", profile } });
  }

  askToDelete(profile: Profile): void {
    this.desk.set({ dialog: { kind: "deleteProfile", profile } });
  }

  /** Rejects with the host's error, which the form shows. */
  async save(id: string | null, draft: ProfileDraft): Promise<Profile> {
    const saved = await this.desk.host.saveProfile(id, draft);
    this.desk.store.update((state) => ({
      ...state,
      profiles: withProfile(state.profiles, saved),
      tabs: tabs.profileSaved(state.tabs, saved),
    }));
    return saved;
  }

  async duplicate(profile: Profile): Promise<void> {
    try {
      await this.desk.host.duplicateProfile(profile.id);
      const { profiles } = await this.desk.host.listProfiles();
      this.desk.set({ profiles: { kind: "ready", list: profiles } });
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  async delete(profile: Profile): Promise<void> {
    this.desk.closeDialog();
    try {
      await this.desk.host.deleteProfile(profile.id);
      this.desk.store.update((state) => ({ ...state, profiles: withoutProfile(state.profiles, profile.id) }));
      this.desk.toast("plain", strings.toast.deleted(profile.name));
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  dismissNotice(index: number): void {
    this.desk.store.update((state) => ({ ...state, storeNotices: state.storeNotices.toSpliced(index, 1) }));
  }
}
