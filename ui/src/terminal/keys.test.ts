import { describe, expect, it } from "vitest";

import { controlCharacter, isWebViewShortcut, type KeyPress } from "./keys";

const press = (key: string, code: string, modifiers = ""): KeyPress => ({
  key,
  code,
  ctrlKey: modifiers.includes("C"),
  shiftKey: modifiers.includes("S"),
  altKey: modifiers.includes("A"),
  metaKey: modifiers.includes("M"),
  altGraph: modifiers.includes("G"),
});

const typed = (key: string, code: string, modifiers = "C") => {
  const character = controlCharacter(press(key, code, modifiers));
  return character === null ? null : character.charCodeAt(0);
};

describe("controlCharacter", () => {
  it("gives Ctrl+A to Ctrl+Z their bytes", () => {
    for (let index = 0; index < 26; index += 1) {
      const letter = String.fromCharCode(0x61 + index);
      expect(typed(letter, `Key${letter.toUpperCase()}`)).toBe(index + 1);
    }
  });

  it("gives every other control character on a US keyboard", () => {
    expect(typed(" ", "Space")).toBe(0x00);
    expect(typed("@", "Digit2", "CS")).toBe(0x00);
    expect(typed("[", "BracketLeft")).toBe(0x1b);
    expect(typed("\\", "Backslash")).toBe(0x1c);
    expect(typed("]", "BracketRight")).toBe(0x1d);
    expect(typed("^", "Digit6", "CS")).toBe(0x1e);
    expect(typed("_", "Minus", "CS")).toBe(0x1f);
    expect(typed("/", "Slash")).toBe(0x1f);
    expect(typed("?", "Slash", "CS")).toBe(0x7f);
  });

  it("reaches the same bytes by the digit row", () => {
    const bytes = [2, 3, 4, 5, 6, 7, 8].map((digit) => typed(String(digit), `Digit${String(digit)}`));
    expect(bytes).toEqual([0x00, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x7f]);
  });

  it("goes by the produced character on other layouts", () => {
    // German: `]` is AltGr+9, `ß` sits where `-` is, `/` is Shift+7.
    expect(typed("]", "Digit9", "CG")).toBe(0x1d);
    expect(typed("[", "Digit8", "CG")).toBe(0x1b);
    expect(typed("_", "Slash", "CS")).toBe(0x1f);
    expect(typed("/", "Digit7", "CS")).toBe(0x1f);
    // French: the key in the place of Q types A.
    expect(typed("a", "KeyQ")).toBe(0x01);
    expect(typed("q", "KeyA")).toBe(0x11);
    // French digit row without Shift.
    expect(typed('"', "Digit3")).toBe(0x1b);
  });

  it("goes by the key's place where the layout has no Latin letters", () => {
    expect(typed("с", "KeyC")).toBe(0x03);
    expect(typed("я", "KeyZ")).toBe(0x1a);
  });

  it("leaves AltGr on Windows to type its character", () => {
    expect(typed("[", "Digit8", "CAG")).toBeNull();
    expect(typed("@", "KeyQ", "CAG")).toBeNull();
  });

  it("leaves shifted letters and plain keys alone", () => {
    expect(typed("C", "KeyC", "CS")).toBeNull();
    expect(typed("a", "KeyA", "")).toBeNull();
    expect(typed("Enter", "Enter")).toBeNull();
    expect(typed("Backspace", "Backspace")).toBeNull();
  });
});

describe("isWebViewShortcut", () => {
  it("knows what a web view would do by itself", () => {
    for (const [key, code, modifiers] of [
      ["F5", "F5", ""],
      ["F7", "F7", ""],
      ["r", "KeyR", "C"],
      ["R", "KeyR", "CS"],
      ["p", "KeyP", "C"],
      ["f", "KeyF", "C"],
      ["I", "KeyI", "CS"],
      ["ArrowLeft", "ArrowLeft", "A"],
      ["=", "Equal", "C"],
      ["0", "Digit0", "C"],
    ] as const) {
      expect(isWebViewShortcut(press(key, code, modifiers), false), key + modifiers).toBe(true);
    }
  });

  it("leaves text fields what they need", () => {
    for (const letter of ["c", "v", "x", "z", "y", "a"]) {
      expect(isWebViewShortcut(press(letter, `Key${letter.toUpperCase()}`, "C"), false)).toBe(false);
    }
    expect(isWebViewShortcut(press("Z", "KeyZ", "CS"), false)).toBe(false);
    expect(isWebViewShortcut(press("ArrowLeft", "ArrowLeft", "C"), false)).toBe(false);
    expect(isWebViewShortcut(press("a", "KeyA"), false)).toBe(false);
  });
});
