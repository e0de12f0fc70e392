import fc from "fast-check";
import { expect, test } from "vitest";

import type { RecordingEvent } from "../generated/RecordingEvent";
import { countAt, IDLE_LIMIT_MS, lengthOf, markersOf, playedAt, trackOf } from "./track";

const output = (atMs: number, text = "x"): RecordingEvent => ({ kind: "output", atMs, text });

test("long pauses are shortened and short ones kept", () => {
  const track = trackOf([output(100), output(60_100), output(60_600)], IDLE_LIMIT_MS);
  expect(track.times).toEqual([100, 2_100, 2_600]);
  expect(trackOf(track.events, null).times).toEqual([100, 60_100, 60_600]);
});

test("a place found in the recording is where it is played", () => {
  const track = trackOf([output(100), output(60_100), output(60_600)], IDLE_LIMIT_MS);
  expect(playedAt(track, 0)).toBe(0);
  expect(playedAt(track, 60_100)).toBe(2_100);
  expect(playedAt(track, 60_300)).toBe(2_100);
  expect(playedAt(track, 999_999)).toBe(2_600);
});

test("markers stand where they are played", () => {
  const events: RecordingEvent[] = [output(0), { kind: "marker", atMs: 9_000, label: "connected" }];
  expect(markersOf(trackOf(events, 1_000))).toEqual([{ ms: 1_000, label: "connected" }]);
});

test("what has been played grows with time and ends with everything", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_000_000)).map((times) => times.toSorted((one, other) => one - other)),
      fc.option(fc.nat(5_000)),
      fc.nat(1_000_000),
      (moments, limit, ms) => {
        const track = trackOf(
          moments.map((at) => output(at)),
          limit,
        );
        const count = countAt(track, ms);
        expect(track.times.slice(0, count).every((time) => time <= ms)).toBe(true);
        expect(track.times.slice(count).every((time) => time > ms)).toBe(true);
        expect(countAt(track, lengthOf(track))).toBe(moments.length);
      },
    ),
  );
});
