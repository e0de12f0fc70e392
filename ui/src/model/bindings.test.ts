import { describe, expect, it } from "vitest";

import { actionFor, chordFor } from "./bindings";

const press = (key: string, code: string, modifiers = "") => ({
  key,
  code,
  ctrlKey: modifiers.includes("C"),
  shiftKey: modifiers.includes("S"),
  altKey: modifiers.includes("A"),
  metaKey: modifiers.includes("M"),
});

describe("actionFor", () => {
  it("takes no Ctrl+letter, no Alt+key and no plain key from the shell", () => {
    for (let index = 0; index < 26; index += 1) {
      const letter = String.fromCharCode(0x61 + index);
      const code = `Key${letter.toUpperCase()}`;
      for (const modifiers of ["", "C", "A", "AS", "CA", "S"]) {
        expect(actionFor(press(letter, code, modifiers), false), letter + modifiers).toBeNull();
      }
    }
    for (const key of [
      "F1",
      "F2",
      "F3",
      "F4",
      "F5",
      "F10",
      "F12",
      "Escape",
      "Tab",
      "Enter",
      "Backspace",
      "Delete",
    ]) {
      expect(actionFor(press(key, key), false), key).toBeNull();
    }
    for (const key of ["ArrowLeft", "PageUp", "PageDown", "Home", "End"]) {
      for (const modifiers of ["", "C", "A"]) expect(actionFor(press(key, key, modifiers), false)).toBeNull();
    }
    for (const [key, code] of [
      ["[", "BracketLeft"],
      ["\\", "Backslash"],
      ["]", "BracketRight"],
      [" ", "Space"],
      ["/", "Slash"],
    ] as const) {
      expect(actionFor(press(key, code, "C"), false)).toBeNull();
    }
    expect(actionFor(press("_", "Minus", "CS"), false)).toBeNull();
  });

  it("goes by place for digits and by character for letters", () => {
    expect(actionFor(press("!", "Digit1", "CS"), false)).toEqual({ kind: "goToTab", number: 1 });
    // French: Shift gives the digit.
    expect(actionFor(press("1", "Digit1", "CS"), false)).toEqual({ kind: "goToTab", number: 1 });
    // French: the key in the place of Z types W.
    expect(actionFor(press("W", "KeyZ", "CS"), false)).toEqual({ kind: "closeTab" });
    // Russian: the key in the place of T.
    expect(actionFor(press("Е", "KeyT", "CS"), false)).toEqual({ kind: "newTab" });
  });

  it("knows the tab keys", () => {
    expect(actionFor(press("Tab", "Tab", "C"), false)).toEqual({ kind: "switchTab", by: 1 });
    expect(actionFor(press("Tab", "Tab", "CS"), false)).toEqual({ kind: "switchTab", by: -1 });
    expect(actionFor(press("PageUp", "PageUp", "CS"), false)).toEqual({ kind: "moveTab", by: -1 });
    expect(actionFor(press("Insert", "Insert", "S"), false)).toEqual({ kind: "paste" });
  });

  it("uses Command on a Mac and leaves Ctrl+Shift+letters alone there", () => {
    expect(actionFor(press("t", "KeyT", "M"), true)).toEqual({ kind: "newTab" });
    expect(actionFor(press("T", "KeyT", "CS"), true)).toBeNull();
    expect(actionFor(press("}", "BracketRight", "MS"), true)).toEqual({ kind: "switchTab", by: 1 });
  });

  it("names the chord of an action", () => {
    expect(chordFor("newTab", false)).toBe("Ctrl+Shift+T");
    expect(chordFor("newTab", true)).toBe("Cmd+T");
  });
});
