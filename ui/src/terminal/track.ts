/** A recording's time: where each event falls when pauses are shortened, and what lies between two moments. */
import type { RecordingEvent } from "../generated/RecordingEvent";

export interface Marker {
  readonly ms: number;
  readonly label: string;
}

/** How fast a recording can be played. */
export const SPEEDS = [0.5, 1, 2, 4, 8, 16] as const;
export type Speed = (typeof SPEEDS)[number];

/** Pauses longer than this are shortened to it, unless somebody wants them as they were. */
export const IDLE_LIMIT_MS = 2_000;

/** Events and when they are played, in milliseconds from the beginning; both lists go together. */
export interface Track {
  readonly events: readonly RecordingEvent[];
  readonly times: readonly number[];
}

export const EMPTY_TRACK: Track = { events: [], times: [] };

/** When each event is played, with pauses of at most `idleLimitMs`; null leaves them as they were. */
export function trackOf(events: readonly RecordingEvent[], idleLimitMs: number | null): Track {
  let recorded = 0;
  let played = 0;
  const times = events.map(({ atMs }) => {
    const pause = Math.max(0, atMs - recorded);
    recorded = Math.max(recorded, atMs);
    played += idleLimitMs === null ? pause : Math.min(pause, idleLimitMs);
    return played;
  });
  return { events, times };
}

export const lengthOf = ({ times }: Track): number => times.at(-1) ?? 0;

/** The number of events that have been played at a moment. */
export function countAt({ times }: Track, ms: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** When a moment of the recording is played: that of the last event up to it. */
export function playedAt({ events, times }: Track, recordedMs: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.atMs ?? 0) <= recordedMs) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : (times[low - 1] ?? 0);
}

export function markersOf({ events, times }: Track): readonly Marker[] {
  return events.flatMap((event, index) =>
    event.kind === "marker" ? [{ ms: times[index] ?? 0, label: event.label }] : [],
  );
}
