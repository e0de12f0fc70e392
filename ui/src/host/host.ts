/**
 * What the page can ask of the application. The window's backend implements it (`tauriHost.ts`), and so does a
 * simulator inside the page (`demoHost.ts`), so that the page runs in a plain browser for tests and screenshots.
 */
import type { AppInfo } from "../generated/AppInfo";
import type { AwsSetup } from "../generated/AwsSetup";
import type { Caller } from "../generated/Caller";
import type { CommandError } from "../generated/CommandError";
import type { ErrorCode } from "../generated/ErrorCode";
import type { Orphan } from "../generated/Orphan";
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { ProfileList } from "../generated/ProfileList";
import type { Question } from "../generated/Question";
import type { RecordingCursor } from "../generated/RecordingCursor";
import type { RecordingFound } from "../generated/RecordingFound";
import type { RecordingList } from "../generated/RecordingList";
import type { RecordingPage } from "../generated/RecordingPage";
import type { RecordingStart } from "../generated/RecordingStart";
import type { SessionEvent } from "../generated/SessionEvent";
import type { SessionOpened } from "../generated/SessionOpened";
import type { SessionTimeline } from "../generated/SessionTimeline";
import type { TerminalSize } from "../generated/TerminalSize";

/** See {@link Host.interruptSession}. */
export interface Interrupt {
  readonly epoch: number;
  readonly bytes: Uint8Array;
  readonly closing: Uint8Array;
  readonly alwaysClose: boolean;
}

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
  /** Says that {@link awsSetup} would give something else now. */
  listenAwsSetup(listener: () => void): Promise<Unlisten>;
  /** What only the person can give, as it stands. */
  openQuestions(): Promise<readonly Question[]>;
  /** Hears all standing questions, each time that one of them changes. */
  listenQuestions(listener: (questions: readonly Question[]) => void): Promise<Unlisten>;
  /** Resolves once signed in. A second one for the same `session`, a sign-in's label, takes the place of the first. */
  signIn(session: string, withCode: boolean): Promise<void>;
  signOut(session: string): Promise<void>;
  /** Resolves once the code has done; else the question stands and tells its problem. */
  answerMfa(id: number, code: string): Promise<void>;
  /** Whoever waits for the answer goes without. */
  cancelQuestion(id: number): Promise<void>;
  /** Who the credentials of a profile's connections make one. */
  whoAmI(profileId: string): Promise<Caller>;

  /** Sets a session aside. It begins with {@link attachSession}, so that nothing is missed before listening. */
  openSession(profileId: string, size: TerminalSize): Promise<SessionOpened>;
  /** Hears of one session; `event` is what {@link openSession} gave. */
  listenSession(event: string, listener: (event: SessionEvent) => void): Promise<Unlisten>;
  attachSession(id: string): Promise<void>;
  /** `epoch`: after how many interrupts it was typed; what was typed before the last one is dropped. */
  sendInput(id: string, bytes: Uint8Array, epoch: number): Promise<void>;
  /** Sends ahead of all input that has not left the application, and drops that; closing a paste's bracket first. */
  interruptSession(id: string, interrupt: Interrupt): Promise<void>;
  resizeSession(id: string, size: TerminalSize): Promise<void>;
  /** Says that so many bytes of output have been parsed. */
  grantCredit(id: string, bytes: number): Promise<void>;
  /** Tries at once what a reconnecting session waits to try, or looks for credentials again. */
  retrySession(id: string): Promise<void>;
  /** Ends a session that is reconnecting, without waiting any longer. */
  giveUpSession(id: string): Promise<void>;
  /** What happened to a session since it was begun; also after its end. */
  sessionTimeline(id: string): Promise<SessionTimeline>;
  closeSession(id: string): Promise<void>;

  /** Sessions that an earlier run left open at the service, as far as they are still active. */
  findOrphans(): Promise<readonly Orphan[]>;
  /** Ends them all at the service. */
  endOrphans(): Promise<void>;
  /** Leaves them all alone, for good. */
  leaveOrphans(): Promise<void>;

  /** Records what a session shows from now on; the title names the recording. */
  startRecording(id: string, title: string, size: TerminalSize): Promise<void>;
  stopRecording(id: string): Promise<void>;
  listRecordings(): Promise<RecordingList>;
  beginRecording(name: string): Promise<RecordingStart>;
  pageOfRecording(name: string, cursor: RecordingCursor): Promise<RecordingPage>;
  /** The first 1,000 lines that hold a text, in any case of its letters. */
  findInRecording(name: string, text: string): Promise<readonly RecordingFound[]>;
  deleteRecording(name: string): Promise<void>;

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
