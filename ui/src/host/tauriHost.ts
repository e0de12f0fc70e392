/** The application's backend, over Tauri's commands and events. The only module that imports `@tauri-apps/api`. */
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";

import type { AppInfo } from "../generated/AppInfo";
import type { AwsSetup } from "../generated/AwsSetup";
import type { Caller } from "../generated/Caller";
import type { Orphan } from "../generated/Orphan";
import type { Profile } from "../generated/Profile";
import type { ProfileList } from "../generated/ProfileList";
import type { Question } from "../generated/Question";
import type { RecordingFound } from "../generated/RecordingFound";
import type { RecordingList } from "../generated/RecordingList";
import type { RecordingPage } from "../generated/RecordingPage";
import type { RecordingStart } from "../generated/RecordingStart";
import type { SessionEvent } from "../generated/SessionEvent";
import type { SessionOpened } from "../generated/SessionOpened";
import type { SessionTimeline } from "../generated/SessionTimeline";
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
  saveProfile: (id, draft) => call<Profile>("save_profile", { id, draft }),
  duplicateProfile: (id) => call<Profile>("duplicate_profile", { id }),
  deleteProfile: (id) => call("delete_profile", { id }),
  awsSetup: () => call<AwsSetup>("aws_setup"),
  listenAwsSetup: (listener) => listen("aws-setup", () => listener()),
  openQuestions: () => call<Question[]>("open_questions"),
  listenQuestions: (listener) => listen<Question[]>("questions", ({ payload }) => listener(payload)),
  signIn: (session, withCode) => call("sign_in", { session, withCode }),
  signOut: (session) => call("sign_out", { session }),
  answerMfa: (id, code) => call("answer_mfa", { id, code }),
  cancelQuestion: (id) => call("cancel_question", { id }),
  whoAmI: (profileId) => call<Caller>("who_am_i", { profileId }),
  openSession: (profileId, size) => call<SessionOpened>("open_session", { profileId, size }),
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
  appInfo: () => call<AppInfo>("app_info"),
};
