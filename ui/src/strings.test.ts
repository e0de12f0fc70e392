import { expect, test } from "vitest";

import { remaining } from "./model/credentials";
import { strings } from "./strings";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test.each([
  [0, "expired"],
  [59_999, "under a minute"],
  [42 * MINUTE + 59_999, "42 min"],
  [HOUR, "1 h"],
  [3 * HOUR + 5 * MINUTE, "3 h 5 min"],
  [90 * 24 * HOUR, "90 days"],
])("%d ms are left: %s", (left, said) => {
  expect(strings.caller.left(remaining(left, 0))).toBe(said);
});

test("a code's countdown has minutes and two digits of seconds", () => {
  expect(strings.question.codeLeft(600)).toBe("Good for 10:00");
  expect(strings.question.codeLeft(65)).toBe("Good for 1:05");
  expect(strings.question.codeLeft(5)).toBe("Good for 0:05");
});

test("a sign-in's end is an hour today, and has its day otherwise", () => {
  const noon = new Date(2026, 10, 24, 12, 0).getTime();
  expect(strings.aws.signedInUntil(noon + HOUR, noon)).toBe("Signed in until 13:00");
  expect(strings.aws.signedInUntil(noon + 20 * HOUR, noon)).toMatch(/^Signed in until Wed,? 25 Nov,? 08:00$/);
});

test("a problem's place is its file, and its line where that is known", () => {
  expect(strings.aws.place("~/.aws/config", 12)).toBe("~/.aws/config:12");
  expect(strings.aws.place("~/.aws/config", null)).toBe("~/.aws/config");
});
