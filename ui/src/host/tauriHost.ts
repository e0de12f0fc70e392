/** The application's backend, over Tauri's commands and events. The only module that imports `@tauri-apps/api`. */
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";

import type { AddedLines } from "../generated/AddedLines";
import type { AppInfo } from "../generated/AppInfo";
import type { AwsSetup } from "../generated/AwsSetup";
import type { Caller } from "../generated/Caller";
import type { Exported } from "../generated/Exported";
import type { ImportPlace } from "../generated/ImportPlace";
import type { ImportPreview } from "../generated/ImportPreview";
import type { LinkRequest } from "../generated/LinkRequest";
import type { Orphan } from "../generated/Orphan";
import type { Profile } from "../generated/Profile";
import type { ProfileList } from "../generated/ProfileList";
import type { ProfileOpening } from "../generated/ProfileOpening";
import type { ProfileSaved } from "../generated/ProfileSaved";
import type { ProfilesChanged } from "../generated/ProfilesChanged";
import type { ProfilesUndone } from "../generated/ProfilesUndone";
import type { Question } from "../generated/Question";
import type { RecordingFound } from "../generated/RecordingFound";
import type { RecordingList } from "../generated/RecordingList";
import type { RecordingPage } from "../generated/RecordingPage";
import type { RecordingStart } from "../generated/RecordingStart";
import type { SessionEvent } from "../generated/SessionEvent";
import type { SessionOpened } from "../generated/SessionOpened";
import type { SessionTimeline } from "../generated/SessionTimeline";
import type { SsoAccount } from "../generated/SsoAccount";
import type { StoredKeys } from "../generated/StoredKeys";
import type { SettingsState } from "../generated/SettingsState";
import type { StoredTheme } from "../generated/StoredTheme";
import { encodeBase64 } from "./base64";
import { type Host, toHostError } from "./host";

async function call<Answer>(command: string, args: Record<string, unknown> = {}): Promise<Answer> {
  try {
    return await invoke<Answer>(command, args);
  } catch (reason) {
    throw toHostError(reason);
  }
}

export const tauriHost: Host = {
  listProfiles: () => call<ProfileList>("list_profiles"),
  listenProfiles: (listener) => listen("profiles", () => listener()),
  listenRecents: (listener) => listen<ProfileOpening[]>("recents", ({ payload }) => listener(payload)),
  saveProfile: (id, draft, base) => call<ProfileSaved>("save_profile", { id, draft, base }),
  duplicateProfile: (id) => call<Profile>("duplicate_profile", { id }),
  deleteProfiles: (items) => call<ProfilesChanged>("delete_profiles", { items }),
  moveProfiles: (items, folder, before) => call<ProfilesChanged>("move_profiles", { items, folder, before }),
  createFolder: (folder) => call<ProfilesChanged>("create_folder", { folder }),
  renameFolder: (folder, name) => call<ProfilesChanged>("rename_folder", { folder, name }),
  reviseProfiles: (ids, change) => call<ProfilesChanged>("revise_profiles", { ids, change }),
  resetProfile: (id) => call<ProfilesChanged>("reset_profile", { id }),
  undoProfiles: (undo) => call<ProfilesUndone>("undo_profiles", { undo }),
  forgetRecents: (id) => call<ProfileOpening[]>("forget_recents", { id }),
  awsSetup: () => call<AwsSetup>("aws_setup"),
  listenAwsSetup: (listener) => listen("aws-setup", () => listener()),
  openQuestions: () => call<Question[]>("open_questions"),
  listenQuestions: (listener) => listen<Question[]>("questions", ({ payload }) => listener(payload)),
  signIn: (session, withCode) => call("sign_in", { session, withCode }),
  signOut: (session) => call("sign_out", { session }),
  answerMfa: (id, code) => call("answer_mfa", { id, code }),
  answerQuestion: (id, answer) => call("answer_question", { id, answer }),
  cancelQuestion: (id) => call("cancel_question", { id }),
  whoAmI: (profileId) => call<Caller>("who_am_i", { profileId }),
  rememberSignIn: (startUrl, region) => call<string>("remember_sign_in", { startUrl, region }),
  forgetSignIn: (session) => call("forget_sign_in", { session }),
  ssoAccounts: (session) => call<SsoAccount[]>("sso_accounts", { session }),
  ssoRoles: (session, accountId) => call<string[]>("sso_roles", { session, accountId }),
  previewAwsProfiles: (wanted) => call<AddedLines>("preview_aws_profiles", { wanted }),
  addAwsProfiles: (wanted, seen) => call("add_aws_profiles", { wanted, seen }),
  listKeys: () => call<StoredKeys>("list_keys"),
  keepKeys: (typed) => call("keep_keys", { ...typed }),
  keepWaitingKeys: (onlyForThisRun) => call("keep_waiting_keys", { onlyForThisRun }),
  dropWaitingKeys: () => call("drop_waiting_keys"),
  deleteKeys: (name) => call("delete_keys", { name }),
  openSession: (profileId, size, after) => call<SessionOpened>("open_session", { profileId, size, after }),
  listenSession: (event, listener) => listen<SessionEvent>(event, ({ payload }) => listener(payload)),
  attachSession: (id) => call("attach_session", { id }),
  sendInput: (id, bytes, epoch) => call("send_input", { id, data: encodeBase64(bytes), epoch }),
  interruptSession: (id, { epoch, bytes, closing, alwaysClose }) =>
    call("interrupt_session", {
      id,
      epoch,
      data: encodeBase64(bytes),
      closing: encodeBase64(closing),
      alwaysClose,
    }),
  resizeSession: (id, size) => call("resize_session", { id, size }),
  grantCredit: (id, bytes) => call("grant_credit", { id, bytes }),
  retrySession: (id) => call("retry_session", { id }),
  giveUpSession: (id) => call("give_up_session", { id }),
  sessionTimeline: (id) => call<SessionTimeline>("session_timeline", { id }),
  closeSession: (id) => call("close_session", { id }),
  findOrphans: () => call<Orphan[]>("find_orphans"),
  endOrphans: () => call("end_orphans"),
  leaveOrphans: () => call("leave_orphans"),
  loadLayout: () => call<string | null>("load_layout"),
  saveLayout: (layout) => call("save_layout", { layout }),
  settings: () => call<SettingsState>("settings"),
  changeSettings: (changes) => call<SettingsState>("change_settings", { changes }),
  listenSettings: (listener) => listen<SettingsState>("settings", ({ payload }) => listener(payload)),
  openSettingsFile: () => call("open_settings_file"),
  systemFonts: () => call<string[]>("system_fonts"),
  listThemes: () => call<StoredTheme[]>("list_themes"),
  saveTheme: (theme) => call("save_theme", { theme }),
  deleteTheme: (name) => call("delete_theme", { name }),
  startRecording: (id, title, size) => call("start_recording", { id, title, size }),
  stopRecording: (id) => call("stop_recording", { id }),
  listRecordings: () => call<RecordingList>("list_recordings"),
  beginRecording: (name) => call<RecordingStart>("begin_recording", { name }),
  pageOfRecording: (name, cursor) => call<RecordingPage>("page_of_recording", { name, cursor }),
  findInRecording: (name, text) => call<RecordingFound[]>("find_in_recording", { name, text }),
  deleteRecording: (name) => call("delete_recording", { name }),
  readClipboard: () => call<string>("read_clipboard"),
  writeClipboard: (text) => call("write_clipboard", { text }),
  openLink: (url) => call("open_link", { url }),
  saveText: (name, text) => call<string>("save_text", { name, text }),
  appInfo: () => call<AppInfo>("app_info"),
  importPlaces: () => call<ImportPlace[]>("import_places"),
  previewImport: (source, from) => call<ImportPreview | null>("preview_import", { source, from }),
  runImport: (id, items, folder) => call<number>("run_import", { id, items, folder }),
  undoImport: () => call("undo_import"),
  exportProfiles: (ids) => call<Exported | null>("export_profiles", { ids }),
  openLinks: () => call<LinkRequest[]>("open_links"),
  listenLinks: (listener) => listen<LinkRequest[]>("links", ({ payload }) => listener(payload)),
  acceptLink: (id) => call<Profile>("accept_link", { id }),
  forgetLink: (id) => call("forget_link", { id }),
  quit: () => call("quit"),
  listenQuit: (listener) => listen<number>("quit-asked", ({ payload }) => listener(payload)),
  quitShown: () => call("quit_shown"),
  answerQuit: (yes) => call("answer_quit", { yes }),
  showMenu: (sections) => call("show_menu", { sections }),
  listenMenu: (listener) => listen<string>("menu-chosen", ({ payload }) => listener(payload)),
  toggleFullScreen: () => call("toggle_full_screen"),
};
