/** Recordings: which sessions are recorded, the list, and what is read of one for the player. */
import type { Recording } from "../generated/Recording";
import type { RecordingEvent } from "../generated/RecordingEvent";
import type { RecordingFound } from "../generated/RecordingFound";
import type { RecordingList } from "../generated/RecordingList";
import { strings } from "../strings";
import { isRecorded, marked } from "../model/recordings";
import type { PaneId } from "../model/layout";
import { paneById } from "../model/tabs";
import type { Desk } from "./desk";
import type { TerminalControl } from "./terminalControl";

const USUAL_SIZE = { cols: 80, rows: 24 };

/** The most text of one recording that is held for playing, in characters. */
const MAX_CHARS = 256 * 1024 * 1024;

/** A recording as far as it has been read. */
export interface ReadRecording {
  readonly cols: number;
  readonly rows: number;
  readonly events: readonly RecordingEvent[];
  readonly complete: boolean;
}

export class RecordingControl {
  constructor(
    private readonly desk: Desk,
    private readonly terminals: TerminalControl,
  ) {}

  /** Begins to record what the session of a pane shows, or ends it. */
  async toggle(id: PaneId): Promise<void> {
    const { tabs, recording } = this.desk.store.state();
    const session = paneById(tabs, id)?.session;
    const host = this.terminals.hostSession(id);
    if (!session || host === null || session.state.kind === "ended") {
      this.desk.toast("plain", strings.recordings.nothingLive);
      return;
    }
    try {
      if (isRecorded(recording, id, session)) {
        await this.desk.host.stopRecording(host);
        this.#set(id, session.attempt, false);
        this.desk.toast("plain", strings.recordings.stopped, {
          action: { label: strings.recordings.open, run: () => this.show() },
        });
      } else {
        await this.desk.host.startRecording(host, session.profile.name, session.size ?? USUAL_SIZE);
        this.#set(id, session.attempt, true);
        this.desk.toast("plain", strings.recordings.started);
      }
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  /** A session has opened: where all are recorded, the backend has begun with it. */
  opened(id: PaneId, attempt: number): void {
    const { recording, settings } = this.desk.store.state();
    if (!settings.settings.recording.byDefault || recording.get(id)?.attempt === attempt) return;
    this.#set(id, attempt, true);
  }

  #set(id: PaneId, attempt: number, on: boolean): void {
    this.desk.set({ recording: marked(this.desk.store.state().recording, id, { attempt, on }) });
  }

  show(): void {
    this.desk.set({ dialog: { kind: "recordings" } });
  }

  /** Rejects with the host's error, which the list shows. */
  list(): Promise<RecordingList> {
    return this.desk.host.listRecordings();
  }

  /** Reads a recording page by page and tells after each what there is. Rejects with the host's error. */
  async read(name: string, progress: (read: ReadRecording) => void, signal: AbortSignal): Promise<void> {
    const { cols, rows, first } = await this.desk.host.beginRecording(name);
    const events: RecordingEvent[] = [];
    let chars = 0;
    let next: typeof first | null = first;
    while (next) {
      const page = await this.desk.host.pageOfRecording(name, next);
      if (signal.aborted) return;
      for (const event of page.events) {
        if (event.kind === "output") chars += event.text.length;
        events.push(event);
      }
      next = chars > MAX_CHARS ? null : page.next;
      progress({ cols, rows, events: [...events], complete: next === null });
    }
  }

  find(name: string, text: string): Promise<readonly RecordingFound[]> {
    return this.desk.host.findInRecording(name, text);
  }

  async remove({ name, title }: Recording): Promise<boolean> {
    try {
      await this.desk.host.deleteRecording(name);
      this.desk.toast("plain", strings.recordings.deleted(title));
      return true;
    } catch (reason) {
      this.desk.showError(reason);
      return false;
    }
  }
}
