/**
 * What the page can ask of the application. The window's backend implements it (`tauriHost.ts`), and so does a
 * simulator inside the page (`demoHost.ts`), so that the page runs in a plain browser for tests and screenshots.
 */
import type { AppInfo } from "../generated/AppInfo";
import type { AwsSetup } from "../generated/AwsSetup";
import type { CommandError } from "../generated/CommandError";
import type { ErrorCode } from "../generated/ErrorCode";
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { ProfileList } from "../generated/ProfileList";
import type { SessionEvent } from "../generated/SessionEvent";
import type { SessionOpened } from "../generated/SessionOpened";
import type { TerminalSize } from "../generated/TerminalSize";

/** Ends what a subscription started. */
export type Unlisten = () => void;

/** Everything rejects with a {@link HostError}. */
export interface Host {
  listProfiles(): Promise<ProfileList>;
  /** Creates a profile where `id` is null, else replaces what was said of it. */
  saveProfile(id: string | null, draft: ProfileDraft): Promise<Profile>;
  duplicateProfile(id: string): Promise<Profile>;
  deleteProfile(id: string): Promise<void>;
  awsSetup(): Promise<AwsSetup>;

  /** Sets a session aside. It begins with {@link attachSession}, so that nothing is missed before listening. */
  openSession(profileId: string, size: TerminalSize): Promise<SessionOpened>;
  /** Hears of one session; `event` is what {@link openSession} gave. */
  listenSession(event: string, listener: (event: SessionEvent) => void): Promise<Unlisten>;
  attachSession(id: string): Promise<void>;
  sendInput(id: string, bytes: Uint8Array): Promise<void>;
  resizeSession(id: string, size: TerminalSize): Promise<void>;
  /** Says that so many bytes of output have been parsed. */
  grantCredit(id: string, bytes: number): Promise<void>;
  closeSession(id: string): Promise<void>;

  readClipboard(): Promise<string>;
  writeClipboard(text: string): Promise<void>;
  /** Opens an `http` or `https` address in the person's browser. */
  openLink(url: string): Promise<void>;
  appInfo(): Promise<AppInfo>;
}

/** Why the host could not do what was asked: a code to act on and one sentence to show. */
export class HostError extends Error {
  override readonly name = "HostError";

  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** What a command rejected with, as an error; anything that is not a command error is `internal`. */
export function toHostError(reason: unknown): HostError {
  if (reason instanceof HostError) return reason;
  if (isCommandError(reason)) return new HostError(reason.code, reason.message);
  if (reason instanceof Error) return new HostError("internal", reason.message);
  return new HostError("internal", typeof reason === "string" ? reason : "The application gave no reason.");
}

function isCommandError(value: unknown): value is CommandError {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    "message" in value &&
    typeof value.message === "string"
  );
}
