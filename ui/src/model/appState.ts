/** Everything the window shows, as one value. */
import type { AppInfo } from "../generated/AppInfo";
import type { AwsSetup } from "../generated/AwsSetup";
import type { LinkRequest } from "../generated/LinkRequest";
import type { Orphan } from "../generated/Orphan";
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { ProfileFolder } from "../generated/ProfileFolder";
import type { ProfileOpening } from "../generated/ProfileOpening";
import type { Question } from "../generated/Question";
import type { StoredKeys } from "../generated/StoredKeys";
import type { SettingsState } from "../generated/SettingsState";
import type { StoreNotice } from "../generated/StoreNotice";
import type { Broadcast } from "./broadcast";
import type { Recorded } from "./recordings";
import { NO_TABS, type TabId, type Tabs } from "./tabs";
import type { TreeItem } from "../generated/TreeItem";
import { INITIAL_SETTINGS } from "./settings";
import type { Theme } from "./themes/colours";

export type Profiles =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "ready"; readonly list: readonly Profile[] };

/** A short message that goes by itself. */
export interface Toast {
  readonly id: number;
  readonly tone: "plain" | "error";
  readonly message: string;
  /** What can be done about it; doing it puts the message away. */
  readonly action?: ToastAction;
  /** Called where it is put away by hand. */
  readonly dismissed?: () => void;
}

export interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

/** What the tree of connections holds beside them. */
export interface ProfileTree {
  readonly folders: readonly ProfileFolder[];
  /** Each once, the last opened first. */
  readonly recents: readonly ProfileOpening[];
  /** The file that the person's own connections are in. */
  readonly file: string;
}

/** What lies over the window and must be answered first. */
export type DialogState =
  | {
      readonly kind: "profileForm";
      readonly profile: Profile | null;
      readonly folder?: string;
      /** What the form of a new one begins with. */
      readonly initial?: ProfileDraft;
    }
  | { readonly kind: "moveProfiles"; readonly items: readonly TreeItem[]; readonly what: string }
  /** `signIn`: to type a sign-in. */
  | { readonly kind: "aws"; readonly signIn?: true }
  | { readonly kind: "import" }
  | { readonly kind: "about" }
  /** Whether these tabs may close, with live sessions in them. */
  | { readonly kind: "closeTabs"; readonly tabs: readonly TabId[] }
  | { readonly kind: "broadcast" }
  | { readonly kind: "tabSearch" }
  /** The palette, with what its field begins with: `>` for actions. */
  | { readonly kind: "palette"; readonly typed: string }
  /** `search`: what is looked for in them. */
  | { readonly kind: "settings"; readonly search?: string }
  | { readonly kind: "recordings" };

export interface AppState {
  readonly info: AppInfo | null;
  readonly aws: AwsSetup | null;
  /** Keys that the person typed; null before the keyring has been asked. */
  readonly storedKeys: StoredKeys | null;
  /** What only the person can give; the first is asked. */
  readonly questions: readonly Question[];
  readonly profiles: Profiles;
  readonly profileTree: ProfileTree;
  readonly storeNotices: readonly StoreNotice[];
  /** Sessions that an earlier run left open, until somebody has decided about them. */
  readonly orphans: readonly Orphan[];
  /** Links that wait for a decision; the first is asked about. */
  readonly links: readonly LinkRequest[];
  /** How many sessions are open while the person is asked whether to quit. */
  readonly quitting: number | null;
  readonly tabs: Tabs;
  readonly broadcast: Broadcast;
  readonly recording: Recorded;
  /** The tab that is being given a name. */
  readonly renaming: TabId | null;
  readonly dialog: DialogState | null;
  readonly toasts: readonly Toast[];
  /** The last change worth saying aloud. */
  readonly announcement: string;
  readonly sidebar: { readonly open: boolean; readonly width: number };
  /** Actions and settings that were chosen in the palette, by its ids, the last one first. */
  readonly recent: readonly string[];
  /** What the settings say with this window's zoom over it. */
  readonly fontSize: number;
  /** By how many pixels this window's text differs from the settings. */
  readonly zoom: number;
  readonly settings: SettingsState;
  /** Themes that the person has imported. */
  readonly ownThemes: readonly Theme[];
}

export const SIDEBAR = { min: 180, max: 420, usual: 248 } as const;
export const FONT = { min: 6, max: 48, usual: 13 } as const;

export const clamp = (value: number, { min, max }: { min: number; max: number }): number =>
  Math.max(min, Math.min(max, Math.round(value)));

export const INITIAL: AppState = {
  info: null,
  aws: null,
  storedKeys: null,
  questions: [],
  profiles: { kind: "loading" },
  profileTree: { folders: [], recents: [], file: "" },
  storeNotices: [],
  orphans: [],
  links: [],
  quitting: null,
  tabs: NO_TABS,
  broadcast: null,
  recording: new Map(),
  renaming: null,
  dialog: null,
  toasts: [],
  announcement: "",
  sidebar: { open: true, width: SIDEBAR.usual },
  recent: [],
  fontSize: FONT.usual,
  zoom: 0,
  settings: INITIAL_SETTINGS,
  ownThemes: [],
};

/** The question to ask now: none while something else is being filled in, whose keys would go astray. */
export const askedNow = ({ questions, dialog }: AppState): Question | undefined =>
  dialog === null || dialog.kind === "aws" ? questions[0] : undefined;

export const profileList = (state: AppState): readonly Profile[] =>
  state.profiles.kind === "ready" ? state.profiles.list : NONE;
const NONE: readonly Profile[] = [];

/** Puts a saved profile where it was, or last. */
export function withProfile(profiles: Profiles, saved: Profile): Profiles {
  if (profiles.kind !== "ready") return profiles;
  const index = profiles.list.findIndex(({ id }) => id === saved.id);
  return {
    kind: "ready",
    list: index < 0 ? [...profiles.list, saved] : profiles.list.with(index, saved),
  };
}

export function withoutProfile(profiles: Profiles, id: string): Profiles {
  return profiles.kind === "ready"
    ? { kind: "ready", list: profiles.list.filter((profile) => profile.id !== id) }
    : profiles;
}
