/**
 * What the page can ask of the application. The window's backend implements it (`tauriHost.ts`), and so does a
 * simulator inside the page (`demoHost.ts`), so that the page runs in a plain browser for tests and screenshots.
 */
import type { AddedLines } from "../generated/AddedLines";
import type { AppInfo } from "../generated/AppInfo";
import type { AwsSetup } from "../generated/AwsSetup";
import type { Caller } from "../generated/Caller";
import type { CommandError } from "../generated/CommandError";
import type { ErrorCode } from "../generated/ErrorCode";
import type { Exported } from "../generated/Exported";
import type { ImportFrom } from "../generated/ImportFrom";
import type { ImportPlace } from "../generated/ImportPlace";
import type { ImportPreview } from "../generated/ImportPreview";
import type { ImportSource } from "../generated/ImportSource";
import type { LinkRequest } from "../generated/LinkRequest";
import type { MenuSection } from "../generated/MenuSection";
import type { NewAwsProfiles } from "../generated/NewAwsProfiles";
import type { Orphan } from "../generated/Orphan";
import type { Profile } from "../generated/Profile";
import type { ProfileChange } from "../generated/ProfileChange";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { ProfileList } from "../generated/ProfileList";
import type { ProfileOpening } from "../generated/ProfileOpening";
import type { ProfileSaved } from "../generated/ProfileSaved";
import type { ProfilesChanged } from "../generated/ProfilesChanged";
import type { ProfilesUndone } from "../generated/ProfilesUndone";
import type { Question } from "../generated/Question";
import type { RecordingCursor } from "../generated/RecordingCursor";
import type { RecordingFound } from "../generated/RecordingFound";
import type { RecordingList } from "../generated/RecordingList";
import type { RecordingPage } from "../generated/RecordingPage";
import type { RecordingStart } from "../generated/RecordingStart";
import type { SessionEvent } from "../generated/SessionEvent";
import type { SessionOpened } from "../generated/SessionOpened";
import type { SessionTimeline } from "../generated/SessionTimeline";
import type { SsoAccount } from "../generated/SsoAccount";
import type { StoredKeys } from "../generated/StoredKeys";
import type { SettingChange } from "../generated/SettingChange";
import type { SettingsState } from "../generated/SettingsState";
import type { StoredTheme } from "../generated/StoredTheme";
import type { TerminalSize } from "../generated/TerminalSize";
import type { TreeItem } from "../generated/TreeItem";

/** See {@link Host.interruptSession}. */
export interface Interrupt {
  readonly epoch: number;
  readonly bytes: Uint8Array;
  readonly closing: Uint8Array;
  readonly alwaysClose: boolean;
}

/** Keys as they are typed, on their only way. */
export interface TypedKeys {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  /** Whether they take the place of those with this name. */
  readonly replace: boolean;
}

/** Ends what a subscription started. */
export type Unlisten = () => void;

/** Everything rejects with a {@link HostError}. */
export interface Host {
  listProfiles(): Promise<ProfileList>;
  /** Says that {@link listProfiles} would give something else now, because of somebody else. */
  listenProfiles(listener: () => void): Promise<Unlisten>;
  /** Hears what was opened, each once, the last first, whenever something is opened. */
  listenRecents(listener: (recents: readonly ProfileOpening[]) => void): Promise<Unlisten>;
  /**
   * Creates a profile where `id` is null, else replaces what was said of it. Where it is no longer as `base` says,
   * nothing is saved.
   */
  saveProfile(id: string | null, draft: ProfileDraft, base: ProfileDraft | null): Promise<ProfileSaved>;
  duplicateProfile(id: string): Promise<Profile>;
  /** Folders go with all that is in them. */
  deleteProfiles(items: readonly TreeItem[]): Promise<ProfilesChanged>;
  /** Into a folder, empty for the top, before another profile or else behind all others. */
  moveProfiles(items: readonly TreeItem[], folder: string, before: string | null): Promise<ProfilesChanged>;
  createFolder(folder: string): Promise<ProfilesChanged>;
  /** Another name where it is. */
  renameFolder(folder: string, name: string): Promise<ProfilesChanged>;
  /** One value for any number of profiles. */
  reviseProfiles(ids: readonly string[], change: ProfileChange): Promise<ProfilesChanged>;
  /** Gives a team's profile its own values again. */
  resetProfile(id: string): Promise<ProfilesChanged>;
  /** Takes a change back, once. */
  undoProfiles(undo: number): Promise<ProfilesUndone>;
  /** Forgets that a profile was opened; all of them where `id` is null. */
  forgetRecents(id: string | null): Promise<readonly ProfileOpening[]>;

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
  /** Resolves once the answer has done; else it rejects with why, and the question stands. */
  answerQuestion(id: number, answer: string): Promise<void>;
  /** Whoever waits for the answer goes without. */
  cancelQuestion(id: number): Promise<void>;
  /** Who the credentials of a profile's connections make one. */
  whoAmI(profileId: string): Promise<Caller>;

  /** Keeps a sign-in that the person has typed, without signing in, and gives its label. */
  rememberSignIn(startUrl: string, region: string): Promise<string>;
  /** Signs out of a typed sign-in and keeps it no longer. */
  forgetSignIn(session: string): Promise<void>;
  ssoAccounts(session: string): Promise<readonly SsoAccount[]>;
  ssoRoles(session: string, accountId: string): Promise<readonly string[]>;
  /** Exactly what {@link addAwsProfiles} would add. */
  previewAwsProfiles(wanted: NewAwsProfiles): Promise<AddedLines>;
  /** Adds AWS profiles to the AWS config file, unless the lines would be other ones than were seen. */
  addAwsProfiles(wanted: NewAwsProfiles, seen: string): Promise<void>;

  /** The keys that the person typed, without their secrets; the keyring may take its time. */
  listKeys(): Promise<StoredKeys>;
  /** Keeps keys in the keyring. Rejects with `credentials` where that does not take them: then they wait at the host. */
  keepKeys(typed: TypedKeys): Promise<void>;
  /** Keeps what waits, in the keyring or until the application ends. */
  keepWaitingKeys(onlyForThisRun: boolean): Promise<void>;
  dropWaitingKeys(): Promise<void>;
  deleteKeys(name: string): Promise<void>;

  /**
   * Sets a session aside, in the place of the tab's session before. It begins with {@link attachSession}, so that nothing
   * is missed before listening.
   */
  openSession(profileId: string, size: TerminalSize, after: string | null): Promise<SessionOpened>;
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

  /** What {@link saveLayout} kept last, also in an earlier run; null for nothing. */
  loadLayout(): Promise<string | null>;
  saveLayout(layout: string): Promise<void>;
  settings(): Promise<SettingsState>;
  /** Makes all changes or none. */
  changeSettings(changes: readonly SettingChange[]): Promise<SettingsState>;
  /** Hears of the settings whenever their file has changed. */
  listenSettings(listener: (settings: SettingsState) => void): Promise<Unlisten>;
  /** Opens the settings file in what the system has for text. */
  openSettingsFile(): Promise<void>;
  /** Families whose characters all have one width. Takes its time. */
  systemFonts(): Promise<readonly string[]>;
  listThemes(): Promise<readonly StoredTheme[]>;
  saveTheme(theme: StoredTheme): Promise<void>;
  deleteTheme(name: string): Promise<void>;
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
  /** Saves text in the downloads folder, named after a session; resolves to the file. */
  saveText(name: string, text: string): Promise<string>;
  appInfo(): Promise<AppInfo>;

  /** What there is to import from where such files usually are. */
  importPlaces(): Promise<readonly ImportPlace[]>;
  /** What an import would add; null where the person chose no file. */
  previewImport(source: ImportSource, from: ImportFrom): Promise<ImportPreview | null>;
  /** Adds what is at these places of the last preview, in one save, and gives how many that were. */
  runImport(id: number, items: readonly number[], folder: string): Promise<number>;
  /** Takes the last import back. */
  undoImport(): Promise<void>;
  /** Writes own profiles, or all where none is named, to a file that the person chooses; null where they chose none. */
  exportProfiles(ids: readonly string[]): Promise<Exported | null>;

  /** Links that wait for a decision. */
  openLinks(): Promise<readonly LinkRequest[]>;
  listenLinks(listener: (links: readonly LinkRequest[]) => void): Promise<Unlisten>;
  /** Makes a connection of the place that a link asks for, without saving it, and puts the link away. */
  acceptLink(id: number): Promise<Profile>;
  forgetLink(id: number): Promise<void>;

  /** Quits, or has {@link listenQuit} ask first. */
  quit(): Promise<void>;
  /** Hears that the person is to be asked whether to quit, and how many sessions are open. */
  listenQuit(listener: (open: number) => void): Promise<Unlisten>;
  /** Says that the person sees the question. */
  quitShown(): Promise<void>;
  answerQuit(yes: boolean): Promise<void>;
  /** Shows these menus where the system has a menu bar. */
  showMenu(sections: readonly MenuSection[]): Promise<void>;
  listenMenu(listener: (id: string) => void): Promise<Unlisten>;
  toggleFullScreen(): Promise<void>;
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
