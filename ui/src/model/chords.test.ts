import { describe, expect, it } from "vitest";

import { canonicalChord, judgeChord, pressedChord } from "./chords";

const press = (key: string, code: string, modifiers = "") => ({
  key,
  code,
  ctrlKey: modifiers.includes("C"),
  shiftKey: modifiers.includes("S"),
  altKey: modifiers.includes("A"),
  metaKey: modifiers.includes("M"),
});

describe("canonicalChord", () => {
  it.each([
    ["ctrl+shift+t", "Ctrl+Shift+T"],
    ["Shift + Control + t", "Ctrl+Shift+T"],
    ["Ctrl++", "Ctrl++"],
    ["Ctrl+Shift++", "Ctrl+Shift++"],
    ["Ctrl+plus", "Ctrl++"],
    ["cmd+opt+right", "Alt+Cmd+ArrowRight"],
    ["ctrl+pgdn", "Ctrl+PageDown"],
    ["F11", "F11"],
    ["Ctrl+ö", "Ctrl+Ö"],
    ["Ctrl+ß", "Ctrl+ß"],
  ])("%s is %s", (text, chord) => {
    expect(canonicalChord(text)).toBe(chord);
  });

  it.each(["", "Ctrl", "Ctrl+", "Ctrl+Shift", "Hyper+T", "Ctrl+TT", "F25", "Ctrl+\u0007"])(
    "%j is none",
    (text) => {
      expect(canonicalChord(text)).toBeNull();
    },
  );
});

describe("pressedChord", () => {
  it.each([
    [press("T", "KeyT", "CS"), "Ctrl+Shift+T"],
    [press("!", "Digit1", "CS"), "Ctrl+Shift+1"],
    [press("|", "Backslash", "CS"), "Ctrl+Shift+\\"],
    [press('"', "Quote", "CS"), "Ctrl+Shift+'"],
    [press("{", "BracketLeft", "CS"), "Ctrl+Shift+["],
    [press("=", "Equal", "C"), "Ctrl+="],
    [press("Е", "KeyT", "CS"), "Ctrl+Shift+T"],
    [press(" ", "Space", "C"), "Ctrl+Space"],
    [press("Shift", "ShiftLeft", "CS"), null],
  ])("reads %j", (pressed, chord) => {
    expect(pressedChord(pressed)).toBe(chord);
  });
});

describe("judgeChord", () => {
  it.each([
    "Ctrl+C",
    "Ctrl+[",
    "Ctrl+Space",
    "Ctrl+2",
    "Tab",
    "Shift+Tab",
    "Enter",
    "F5",
    "ArrowUp",
    "Ctrl+ArrowUp",
  ])("leaves %s to the shell", (chord) => {
    expect(judgeChord(chord, false)).toEqual({ refused: true, concern: "shell" });
    // Ctrl is the shell's on a Mac, too.
    expect(judgeChord(chord, true)).toEqual({ refused: true, concern: "shell" });
  });

  it.each([
    ["A", "types"],
    ["Shift+A", "types"],
    ["Ctrl+Alt+E", "altGr"],
    ["Cmd+T", "system"],
  ])("refuses %s, which %s", (chord, concern) => {
    expect(judgeChord(chord, false)).toEqual({ refused: true, concern });
  });

  it.each([
    ["Alt+1", "shellToo"],
    ["Ctrl+PageUp", "shellToo"],
    ["Ctrl+Shift+2", "shellToo"],
    ["Ctrl+Shift+U", "inputMethod"],
  ])("warns of %s: %s", (chord, concern) => {
    expect(judgeChord(chord, false)).toEqual({ refused: false, concern });
  });

  it.each(["Ctrl+Shift+T", "Ctrl+Tab", "Ctrl+,", "Ctrl+=", "Shift+PageUp", "Shift+Insert", "F11"])(
    "has nothing against %s",
    (chord) => {
      expect(judgeChord(chord, false)).toBeNull();
    },
  );

  it("keeps Cmd+Q for the system and lets the rest of Cmd be bound on a Mac", () => {
    expect(judgeChord("Cmd+Q", true)?.refused).toBe(true);
    expect(judgeChord("Cmd+T", true)).toBeNull();
    expect(judgeChord("Alt+Cmd+ArrowRight", true)).toBeNull();
  });
});
