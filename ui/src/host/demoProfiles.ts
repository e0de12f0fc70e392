/** The store of connections played inside the page: a tree in memory, with undo. */
import type { Profile } from "../generated/Profile";
import type { ProfileChange } from "../generated/ProfileChange";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { ProfileList } from "../generated/ProfileList";
import type { ProfileOpening } from "../generated/ProfileOpening";
import type { ProfileSaved } from "../generated/ProfileSaved";
import type { ProfilesChanged } from "../generated/ProfilesChanged";
import type { StoreNotice } from "../generated/StoreNotice";
import type { TreeItem } from "../generated/TreeItem";
import { assertNever } from "../model/assertNever";
import { draftOf, EMPTY_DRAFT } from "../model/profiles";
import { HostError } from "./host";

const LOCAL_DEMO: Profile = {
  id: "local-demo",
  builtIn: true,
  origin: { kind: "builtIn" },
  ...EMPTY_DRAFT,
  name: "Local demo",
  target: "i-10ca1dem0",
  region: "local",
};

interface Contents {
  readonly profiles: readonly Profile[];
  readonly folders: ReadonlySet<string>;
}

/** A draft, with the team it comes from where it is a team's. */
export type Seed = ProfileDraft & { readonly team?: string };

const within = (folder: string, other: string) => folder === other || folder.startsWith(`${other}/`);
const rebased = (folder: string, from: string, to: string) =>
  within(folder, from) ? to + folder.slice(from.length) : folder;
const nameOf = (folder: string) => folder.slice(folder.lastIndexOf("/") + 1);
const parentOf = (folder: string) => folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
const joined = (parent: string, name: string) => (parent === "" ? name : `${parent}/${name}`);

export class DemoProfiles {
  #lastId = 0;
  #contents: Contents;
  readonly #undos: Contents[] = [];
  #recents: readonly ProfileOpening[] = [];
  #listener: () => void = () => undefined;
  #recentsListener: (recents: readonly ProfileOpening[]) => void = () => undefined;

  constructor(
    seeds: readonly Seed[],
    private readonly notices: readonly StoreNotice[],
  ) {
    const profiles = seeds.map(({ team, ...draft }): Profile => {
      this.#lastId += 1;
      return {
        id: `profile-${this.#lastId}`,
        builtIn: false,
        origin: team
          ? { kind: "team", team, file: `/srv/shared/${team.toLowerCase()}.json`, overridden: [] }
          : { kind: "personal" },
        ...draft,
      };
    });
    this.#contents = { profiles: [LOCAL_DEMO, ...profiles], folders: new Set() };
  }

  list(): ProfileList {
    const { profiles, folders } = this.#contents;
    const all = new Map<string, boolean>();
    const add = (folder: string, own: boolean) => {
      for (let each = folder; each !== ""; each = parentOf(each))
        all.set(each, own || all.get(each) === true);
    };
    for (const folder of folders) add(folder, true);
    for (const { folder, origin } of profiles) add(folder, origin.kind === "personal");
    return {
      profiles: [...profiles],
      folders: [...all].map(([path, own]) => ({ path, own })).sort((a, b) => (a.path < b.path ? -1 : 1)),
      recents: [...this.#recents],
      file: "/home/ana/.config/sessiondeck/profiles.json",
      notices: [...this.notices],
    };
  }

  listen(listener: () => void): () => void {
    this.#listener = listener;
    return () => (this.#listener = () => undefined);
  }

  listenRecents(listener: (recents: readonly ProfileOpening[]) => void): () => void {
    this.#recentsListener = listener;
    return () => (this.#recentsListener = () => undefined);
  }

  find(id: string): Profile {
    const profile = this.#contents.profiles.find((each) => each.id === id);
    if (!profile) throw new HostError("unknownProfile", "This profile is not there any more.");
    return profile;
  }

  findOwn(id: string): Profile {
    const profile = this.find(id);
    if (profile.builtIn) throw new HostError("builtInProfile", "Local demo cannot be changed.");
    return profile;
  }

  /** As an import does. */
  add(added: readonly Profile[]): void {
    this.#contents = { ...this.#contents, profiles: [...this.#contents.profiles, ...added] };
  }

  remove(ids: ReadonlySet<string>): void {
    this.#contents = {
      ...this.#contents,
      profiles: this.#contents.profiles.filter(({ id }) => !ids.has(id)),
    };
  }

  opened(id: string): void {
    this.#recents = [{ id, openedMs: Date.now() }, ...this.#recents.filter((each) => each.id !== id)];
    this.#recentsListener(this.#recents);
  }

  forget(id: string | null): readonly ProfileOpening[] {
    this.#recents = id === null ? [] : this.#recents.filter((each) => each.id !== id);
    return this.#recents;
  }

  /** As if another program had changed a profile. */
  changeOutside(name: string, part: Partial<ProfileDraft>): void {
    this.#contents = {
      ...this.#contents,
      profiles: this.#contents.profiles.map((each) => (each.name === name ? { ...each, ...part } : each)),
    };
    this.#listener();
  }

  save(id: string | null, draft: ProfileDraft, base: ProfileDraft | null): ProfileSaved {
    this.#writable();
    if (draft.user?.includes(" ") === true) {
      return {
        kind: "invalid",
        problems: [{ field: "user", message: "The user's name must have no spaces in it." }],
      };
    }
    const { profiles } = this.#contents;
    if (id === null) {
      this.#lastId += 1;
      const profile: Profile = {
        id: `profile-${this.#lastId}`,
        builtIn: false,
        origin: { kind: "personal" },
        ...draft,
      };
      this.#contents = { ...this.#contents, profiles: [...profiles, profile] };
      return { kind: "saved", profile };
    }
    const before = this.findOwn(id);
    if (base && JSON.stringify(sorted(base)) !== JSON.stringify(sorted(draftOf(before)))) {
      return { kind: "conflict", theirs: before };
    }
    const profile = this.#changed(before, draft);
    this.#contents = {
      ...this.#contents,
      profiles: profiles.map((each) => (each.id === id ? profile : each)),
    };
    return { kind: "saved", profile };
  }

  duplicate(id: string): Profile {
    const before = this.findOwn(id);
    const saved = this.save(null, { ...draftOf(before), name: `${before.name} copy` }, null);
    if (saved.kind !== "saved") throw new HostError("store", "It could not be copied.");
    return saved.profile;
  }

  delete(items: readonly TreeItem[]): ProfilesChanged {
    return this.#change(({ profiles, folders }) => {
      const gone = (profile: Profile) =>
        items.some((item) =>
          item.kind === "profile"
            ? item.id === profile.id
            : profile.origin.kind === "personal" && within(profile.folder, item.path),
        );
      const team = profiles.find((profile) => gone(profile) && profile.origin.kind === "team");
      if (team)
        throw new HostError("store", `${team.name} comes from a team file, so it cannot be deleted here.`);
      const keeping = profiles.filter(gone).map(({ folder }) => folder);
      return {
        profiles: profiles.filter((profile) => !gone(profile)),
        folders: new Set(
          [...folders, ...keeping].filter(
            (folder) =>
              folder !== "" && !items.some((item) => item.kind === "folder" && within(folder, item.path)),
          ),
        ),
      };
    });
  }

  move(items: readonly TreeItem[], to: string, before: string | null): ProfilesChanged {
    return this.#change((contents) => {
      let { profiles } = contents;
      let folders = new Set([...contents.folders, ...profiles.map(({ folder }) => folder)]);
      const ids = new Set(items.flatMap((item) => (item.kind === "profile" ? [item.id] : [])));
      for (const item of items) {
        if (item.kind !== "folder") continue;
        if (within(to, item.path))
          throw new HostError("store", `The folder ${item.path} cannot be moved into itself.`);
        const target = joined(to, nameOf(item.path));
        if (target !== item.path && folders.has(target))
          throw new HostError("store", `There is a folder ${target} already.`);
        const rebase = (folder: string) => rebased(folder, item.path, target);
        profiles = profiles.map((each) => ({ ...each, folder: rebase(each.folder) }));
        folders = new Set([...folders].map(rebase));
      }
      const moved = profiles
        .filter(({ id }) => ids.has(id))
        .map((each) => this.#changed(each, { ...each, folder: to }));
      const rest = profiles.filter(({ id }) => !ids.has(id));
      const at = rest.findIndex(({ id }) => id === before);
      folders.add(to);
      folders.delete("");
      return { profiles: rest.toSpliced(at < 0 ? rest.length : at, 0, ...moved), folders };
    });
  }

  createFolder(folder: string): ProfilesChanged {
    return this.#change((contents) => {
      if (this.list().folders.some(({ path }) => path === folder))
        throw new HostError("store", `There is a folder ${folder} already.`);
      return { ...contents, folders: new Set([...contents.folders, folder]) };
    });
  }

  renameFolder(folder: string, name: string): ProfilesChanged {
    return this.#change(({ profiles, folders }) => {
      const to = joined(parentOf(folder), name);
      if (to !== folder && this.list().folders.some(({ path }) => path === to))
        throw new HostError("store", `There is a folder ${to} already.`);
      return {
        profiles: profiles.map((each) => ({ ...each, folder: rebased(each.folder, folder, to) })),
        folders: new Set([...folders].map((each) => rebased(each, folder, to))),
      };
    });
  }

  revise(ids: readonly string[], change: ProfileChange): ProfilesChanged {
    for (const id of ids) this.findOwn(id);
    return this.#change(({ profiles, folders }) => ({
      profiles: profiles.map((each) =>
        ids.includes(each.id) ? this.#changed(each, revised(each, change)) : each,
      ),
      folders,
    }));
  }

  reset(id: string): ProfilesChanged {
    return this.#change(({ profiles, folders }) => ({
      profiles: profiles.map((each) =>
        each.id === id && each.origin.kind === "team"
          ? { ...each, origin: { ...each.origin, overridden: [] } }
          : each,
      ),
      folders,
    }));
  }

  undo(token: number): { kept: string[]; earlier: string } {
    const before = this.#undos[token];
    if (!before) throw new HostError("invalidArgument", "This change cannot be taken back any more.");
    this.#contents = before;
    return { kept: [], earlier: `${this.list().file}.1` };
  }

  /** What a draft makes of a profile; of a team's one it is noted. */
  #changed(before: Profile, draft: ProfileDraft): Profile {
    if (before.origin.kind !== "team") return { ...before, ...draft };
    const now = sorted(draft);
    const was = sorted(draftOf(before));
    const differs = Object.keys(now).filter(
      (name) => JSON.stringify(now[name]) !== JSON.stringify(was[name]),
    );
    const overridden = [...new Set([...before.origin.overridden, ...differs])].filter(
      (name) => !["id", "builtIn", "origin"].includes(name),
    );
    return { ...before, ...draft, origin: { ...before.origin, overridden } };
  }

  #change(change: (contents: Contents) => Contents): ProfilesChanged {
    this.#writable();
    const before = this.#contents;
    this.#contents = change(before);
    return { undo: this.#undos.push(before) - 1 };
  }

  #writable(): void {
    if (this.notices.some(({ kind }) => kind === "newer"))
      throw new HostError("store", "The profiles were saved by a newer version, so they cannot be changed.");
  }
}

function sorted(draft: ProfileDraft): Record<string, unknown> {
  return Object.fromEntries(Object.entries(draft).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function revised(profile: Profile, change: ProfileChange): ProfileDraft {
  switch (change.kind) {
    case "name":
      if (change.name.trim() === "") throw new HostError("invalidArgument", "Give the connection a name.");
      return { ...profile, name: change.name };
    case "favourite":
      return { ...profile, favourite: change.favourite };
    case "colour":
      return { ...profile, colour: change.colour };
    case "environment":
      return { ...profile, environment: change.environment };
    case "addTag":
      return { ...profile, tags: [...new Set([...profile.tags, change.tag])] };
    case "removeTag":
      return { ...profile, tags: profile.tags.filter((tag) => tag !== change.tag) };
    default:
      return assertNever(change);
  }
}
