import { expect, test } from "vitest";

import { arnName, cleanCode, remaining, secondsLeft } from "./credentials";

test.each([
  ["123456", "123456"],
  [" 123 456\n", "123456"],
  ["123-456", "123456"],
  ["123\u00a0456", "123456"],
  ["１２３４５６", "123456"],
  ["12345678", "123456"],
  ["ls -la", ""],
  ["", ""],
])("a code typed as %j is %j", (typed, code) => {
  expect(cleanCode(typed)).toBe(code);
});

const MINUTE = 60_000;

test.each([
  [-1, { kind: "over" }],
  [0, { kind: "over" }],
  [1, { kind: "moments" }],
  [MINUTE - 1, { kind: "moments" }],
  [MINUTE, { kind: "minutes", minutes: 1 }],
  [42.9 * MINUTE, { kind: "minutes", minutes: 42 }],
  [60 * MINUTE - 1, { kind: "minutes", minutes: 59 }],
  [60 * MINUTE, { kind: "hours", hours: 1, minutes: 0 }],
  [47 * 60 * MINUTE + 59 * MINUTE, { kind: "hours", hours: 47, minutes: 59 }],
  [48 * 60 * MINUTE, { kind: "days", days: 2 }],
])("%d ms are left as %j", (left, expected) => {
  expect(remaining(5_000_000 + left, 5_000_000)).toEqual(expected);
});

test("a countdown reaches zero with its time, and stays there", () => {
  expect(secondsLeft(10_000, 0)).toBe(10);
  expect(secondsLeft(10_000, 9_001)).toBe(1);
  expect(secondsLeft(10_000, 10_000)).toBe(0);
  expect(secondsLeft(10_000, 99_000)).toBe(0);
});

test.each([
  ["arn:aws:iam::111122223333:mfa/ana-phone", "ana-phone"],
  ["arn:aws:iam::111122223333:role/team/Admin", "Admin"],
  ["arn:aws:iam::111122223333:", "arn:aws:iam::111122223333:"],
  ["GAHT12345678", "GAHT12345678"],
])("%s is called %s", (arn, name) => {
  expect(arnName(arn)).toBe(name);
});
