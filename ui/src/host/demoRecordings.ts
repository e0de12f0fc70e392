/** Recordings of the host inside the page: two to look at, and what the page itself records. */
import type { Recording } from "../generated/Recording";
import type { RecordingEvent } from "../generated/RecordingEvent";
import { type Host, HostError } from "./host";

type RecordingHost = Pick<
  Host,
  | "startRecording"
  | "stopRecording"
  | "listRecordings"
  | "beginRecording"
  | "pageOfRecording"
  | "findInRecording"
  | "deleteRecording"
>;

const PROMPT = "\x1b[1;32mops@web-1\x1b[0m:\x1b[1;34m~\x1b[0m$ ";

function script(lines: readonly (readonly [atMs: number, text: string])[]): RecordingEvent[] {
  return lines.map(([atMs, text]) => ({ kind: "output", atMs, text }));
}

const DEPLOY: readonly RecordingEvent[] = [
  ...script([
    [0, PROMPT],
    [800, "./deploy.sh --to blue\r\n"],
    [1_400, "Building release 2026.11.24\r\n"],
    [2_600, "\x1b[33mwarning\x1b[0m: 2 migrations are pending\r\n"],
    [3_100, "Uploading  25 %\r"],
    [3_900, "Uploading  60 %\r"],
    [4_700, "Uploading 100 %\r\n"],
  ]),
  { kind: "marker", atMs: 4_800, label: "connection lost" },
  { kind: "marker", atMs: 64_800, label: "connected" },
  ...script([
    [65_000, "\x1b[32mhealthy\x1b[0m: 6 of 6 targets\r\n"],
    [65_400, PROMPT],
    [67_000, "exit\r\n"],
  ]),
];

const FILES: ReadonlyMap<string, { recording: Recording; events: readonly RecordingEvent[] }> = new Map(
  [
    { title: "web-1 · deploy", startedMs: Date.UTC(2026, 10, 24, 9, 12), lengthMs: 67_000, lenBytes: 48_213 },
    {
      title: "db-primary · slow query",
      startedMs: Date.UTC(2026, 10, 23, 16, 40),
      lengthMs: 1_931_000,
      lenBytes: 3_904_112,
    },
  ].map((each, index) => {
    const name = `recording-${index + 1}.cast`;
    return [name, { recording: { ...each, name, running: false }, events: DEPLOY }];
  }),
);

export function createDemoRecordings(empty: boolean): RecordingHost {
  const files = new Map(empty ? [] : FILES);
  const running = new Map<string, string>();
  const file = (name: string) => {
    const found = files.get(name);
    if (!found) throw new HostError("invalidArgument", "The recording cannot be used: it is not there.");
    return found;
  };
  const answer = async <Answer>(make: () => Answer): Promise<Answer> => {
    await Promise.resolve();
    return make();
  };
  return {
    startRecording: (id, title) =>
      answer(() => {
        const name = `recording-${files.size + 1}.cast`;
        running.set(id, name);
        const recording = { name, title, startedMs: Date.now(), lengthMs: 0, lenBytes: 96, running: true };
        files.set(name, { recording, events: [] });
      }),
    stopRecording: (id) =>
      answer(() => {
        const name = running.get(id);
        running.delete(id);
        const stopped = name === undefined ? undefined : files.get(name);
        if (stopped && name !== undefined)
          files.set(name, { ...stopped, recording: { ...stopped.recording, running: false } });
      }),
    listRecordings: () =>
      answer(() => ({
        recordings: [...files.values()]
          .map(({ recording }) => recording)
          .toSorted((one, other) => other.startedMs - one.startedMs),
        folder: "~/.config/sessiondeck/recordings",
      })),
    beginRecording: (name) =>
      answer(() => {
        file(name);
        return { cols: 80, rows: 24, first: { offset: 0, atMs: 0 } };
      }),
    pageOfRecording: (name) => answer(() => ({ events: [...file(name).events], next: null })),
    findInRecording: (name, text) =>
      answer(() =>
        file(name).events.flatMap((event) =>
          event.kind === "output" && event.text.toLowerCase().includes(text.toLowerCase())
            ? [{ atMs: event.atMs, line: event.text.replace(/\x1b\[[0-9;]*m/g, "").trim() }]
            : [],
        ),
      ),
    deleteRecording: (name) =>
      answer(() => {
        file(name);
        files.delete(name);
      }),
  };
}
