/** Saved connections: what a person does with them. */
import type { Profile } from "../generated/Profile";
import type { ProfileChange } from "../generated/ProfileChange";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { ProfileSaved } from "../generated/ProfileSaved";
import type { ProfilesChanged } from "../generated/ProfilesChanged";
import type { TreeItem } from "../generated/TreeItem";
import { toHostError } from "../host/host";
import { profileList } from "../model/appState";
import { draftOf } from "../model/profiles";
import * as tabs from "../model/tabs";
import { strings } from "../strings";
import type { Desk } from "./desk";

export class ProfileControl {
  #lastLoad = 0;
  /** The last change that can be taken back. */
  #undo: number | null = null;

  constructor(private readonly desk: Desk) {}

  async load(): Promise<void> {
    if (this.desk.store.state().profiles.kind !== "ready") this.desk.set({ profiles: { kind: "loading" } });
    await this.reload();
  }

  /** Hears of changes by somebody else, for as long as the window is there. */
  async hear(): Promise<void> {
    try {
      await this.desk.host.listenProfiles(() => void this.reload());
      await this.desk.host.listenRecents((recents) =>
        this.desk.store.update((state) => ({ ...state, profileTree: { ...state.profileTree, recents } })),
      );
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  /** Reads all again, and what is open shows what its profile says now. */
  async reload(): Promise<void> {
    this.#lastLoad += 1;
    const load = this.#lastLoad;
    try {
      const { profiles, folders, recents, file, notices } = await this.desk.host.listProfiles();
      if (load !== this.#lastLoad) return;
      this.desk.store.update((state) => ({
        ...state,
        profiles: { kind: "ready", list: profiles },
        profileTree: { folders, recents, file },
        storeNotices: notices,
        tabs: refreshed(state.tabs, profileList(state), profiles),
      }));
    } catch (reason) {
      if (load === this.#lastLoad)
        this.desk.set({ profiles: { kind: "failed", message: toHostError(reason).message } });
    }
  }

  /** `folder`: where a new one goes. */
  edit(profile: Profile | null, folder = ""): void {
    this.desk.set({ dialog: { kind: "profileForm", profile, folder } });
  }

  /** Rejects with the host's error; what is wrong with fields, and a conflict, the form shows. */
  async save(id: string | null, draft: ProfileDraft, base: ProfileDraft | null): Promise<ProfileSaved> {
    const saved = await this.desk.host.saveProfile(id, draft, base);
    if (saved.kind !== "invalid") await this.reload();
    return saved;
  }

  async duplicate(profiles: readonly Profile[]): Promise<void> {
    try {
      for (const { id } of profiles) await this.desk.host.duplicateProfile(id);
    } catch (reason) {
      this.desk.showError(reason);
    }
    await this.reload();
  }

  /** At once, and told with the way back. */
  async delete(items: readonly TreeItem[], what: string): Promise<void> {
    await this.#change(this.desk.host.deleteProfiles(items), strings.tree.deleted(what));
  }

  askToMove(items: readonly TreeItem[], what: string): void {
    this.desk.set({ dialog: { kind: "moveProfiles", items, what } });
  }

  async move(
    items: readonly TreeItem[],
    what: string,
    folder: string,
    before: string | null = null,
  ): Promise<boolean> {
    return this.#change(this.desk.host.moveProfiles(items, folder, before), strings.tree.moved(what, folder));
  }

  /** Says whether the folder was made. */
  async createFolder(folder: string): Promise<boolean> {
    return this.#change(this.desk.host.createFolder(folder), null);
  }

  async renameFolder(folder: string, name: string): Promise<boolean> {
    return this.#change(this.desk.host.renameFolder(folder, name), null);
  }

  async rename(id: string, name: string): Promise<boolean> {
    return this.revise([id], { kind: "name", name });
  }

  async revise(ids: readonly string[], change: ProfileChange): Promise<boolean> {
    return this.#change(this.desk.host.reviseProfiles(ids, change), null);
  }

  /** Gives a team's profile its own values again. */
  async reset(profile: Profile): Promise<boolean> {
    return this.#change(this.desk.host.resetProfile(profile.id), strings.tree.reset(profile.name));
  }

  get canUndo(): boolean {
    return this.#undo !== null;
  }

  /** Takes the last change back, whatever it was. */
  async undo(): Promise<void> {
    if (this.#undo !== null) await this.#takeBack(this.#undo);
  }

  async forgetRecents(id: string | null): Promise<void> {
    try {
      const recents = await this.desk.host.forgetRecents(id);
      this.desk.store.update((state) => ({ ...state, profileTree: { ...state.profileTree, recents } }));
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  dismissNotice(index: number): void {
    this.desk.store.update((state) => ({ ...state, storeNotices: state.storeNotices.toSpliced(index, 1) }));
  }

  async #change(change: Promise<ProfilesChanged>, told: string | null): Promise<boolean> {
    try {
      const { undo } = await change;
      this.#undo = undo;
      if (told !== null) {
        this.desk.toast("plain", told, {
          action: { label: strings.tree.undo, run: () => void this.#takeBack(undo) },
        });
      }
      await this.reload();
      return true;
    } catch (reason) {
      this.desk.showError(reason);
      // Part of it may have been done.
      await this.reload();
      return false;
    }
  }

  async #takeBack(undo: number): Promise<void> {
    if (this.#undo === undo) this.#undo = null;
    try {
      const { kept, earlier } = await this.desk.host.undoProfiles(undo);
      if (kept.length > 0) this.desk.toast("error", strings.tree.keptOnUndo(kept, earlier));
      else this.desk.announce(strings.tree.undone);
    } catch (reason) {
      this.desk.showError(reason);
    }
    await this.reload();
  }
}

/** Tabs of profiles that have changed. */
function refreshed(all: tabs.Tabs, before: readonly Profile[], now: readonly Profile[]): tabs.Tabs {
  const open = new Set(all.list.flatMap((tab) => tabs.sessionOf(tab)?.profile.id ?? []));
  if (open.size === 0) return all;
  const was = new Map(before.map((profile) => [profile.id, profile]));
  return now
    .filter((profile) => open.has(profile.id))
    .filter((profile) => {
      const known = was.get(profile.id);
      return !known || JSON.stringify(draftOf(known)) !== JSON.stringify(draftOf(profile));
    })
    .reduce((changed, profile) => tabs.profileSaved(changed, profile), all);
}
