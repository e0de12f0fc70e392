/** Everything the window shows, as one value. */
import type { AppInfo } from "../generated/AppInfo";
import type { AwsSetup } from "../generated/AwsSetup";
import type { Orphan } from "../generated/Orphan";
import type { Profile } from "../generated/Profile";
import type { Question } from "../generated/Question";
import type { StoreNotice } from "../generated/StoreNotice";
import { NO_TABS, type Tabs } from "./tabs";

export type Profiles =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "ready"; readonly list: readonly Profile[] };

/** A short message that goes by itself. */
export interface Toast {
  readonly id: number;
  readonly tone: "plain" | "error";
  readonly message: string;
}

/** What lies over the window and must be answered first. */
export type DialogState =
  | { readonly kind: "profileForm"; readonly profile: Profile | null }
  | { readonly kind: "deleteProfile"; readonly profile: Profile }
  | { readonly kind: "aws" }
  | { readonly kind: "recordings" };

export interface AppState {
  readonly info: AppInfo | null;
  readonly aws: AwsSetup | null;
  /** What only the person can give; the first is asked. */
  readonly questions: readonly Question[];
  readonly profiles: Profiles;
  readonly storeNotices: readonly StoreNotice[];
  /** Sessions that an earlier run left open, until somebody has decided about them. */
  readonly orphans: readonly Orphan[];
  readonly tabs: Tabs;
  readonly dialog: DialogState | null;
  readonly toasts: readonly Toast[];
  /** The last change worth saying aloud. */
  readonly announcement: string;
  readonly sidebar: { readonly open: boolean; readonly width: number };
  readonly fontSize: number;
}

export const SIDEBAR = { min: 180, max: 420, usual: 248 } as const;
export const FONT = { min: 8, max: 32, usual: 13 } as const;

export const clamp = (value: number, { min, max }: { min: number; max: number }): number =>
  Math.max(min, Math.min(max, Math.round(value)));

export const INITIAL: AppState = {
  info: null,
  aws: null,
  questions: [],
  profiles: { kind: "loading" },
  storeNotices: [],
  orphans: [],
  tabs: NO_TABS,
  dialog: null,
  toasts: [],
  announcement: "",
  sidebar: { open: true, width: SIDEBAR.usual },
  fontSize: FONT.usual,
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
