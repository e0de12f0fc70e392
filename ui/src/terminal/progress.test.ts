import { expect, test } from "vitest";

import { readProgress } from "./progress";

test("progress is read in all its states", () => {
  expect(readProgress("4;1;40")).toEqual({ kind: "normal", percent: 40 });
  expect(readProgress("4;1;900")).toEqual({ kind: "normal", percent: 100 });
  expect(readProgress("4;2")).toEqual({ kind: "error", percent: 0 });
  expect(readProgress("4;3;77")).toEqual({ kind: "indeterminate", percent: 0 });
  expect(readProgress("4;4;5")).toEqual({ kind: "paused", percent: 5 });
  expect(readProgress("4;0")).toBeNull();
});

test("what is not progress is left to others", () => {
  for (const text of ["", "4", "4;5", "4;1;x", "4;1;1234", "hello", "14;1;1"])
    expect(readProgress(text)).toBeUndefined();
});
