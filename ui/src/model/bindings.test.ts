import { afterEach, describe, expect, it } from "vitest";

import { ACTIONS } from "./actions";
import { actionFor, chordFor, DEFAULT_KEYS, Keymap, PRESETS, SEND_TO_SESSION, setKeys } from "./bindings";
import { canonicalChord, judgeChord } from "./chords";

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

describe("the catalogue", () => {
  it("names each action once", () => {
    expect(new Set(ACTIONS.map(({ id }) => id)).size).toBe(ACTIONS.length);
    expect(new Set(ACTIONS.map(({ name }) => name)).size).toBe(ACTIONS.length);
  });

  it.each([false, true])(
    "has chords in their one spelling, and none that is the shell's (mac: %s)",
    (mac) => {
      for (const { id, keys } of ACTIONS) {
        for (const chord of mac ? keys.mac : keys.other) {
          expect(canonicalChord(chord), id).toBe(chord);
          expect(judgeChord(chord, mac)?.refused ?? false, `${id}: ${chord}`).toBe(false);
        }
      }
    },
  );

  it.each([false, true])("gives no chord to two actions, in no preset (mac: %s)", (mac) => {
    for (const preset of PRESETS) {
      expect(new Keymap({ preset, overrides: {} }, mac).clashes, preset).toEqual([]);
    }
  });
});

describe("Keymap", () => {
  const map = (overrides: Record<string, string>, preset: (typeof PRESETS)[number] = "sessiondeck") =>
    new Keymap({ preset, overrides }, false);

  it("puts an override before the default and keeps the action's other chords", () => {
    const keys = map({ "ctrl+shift+x": "newTab", "Ctrl+Shift+W": "copy" });
    expect(keys.actionFor(press("X", "KeyX", "CS"))).toEqual({ kind: "newTab" });
    expect(keys.actionFor(press("T", "KeyT", "CS"))).toEqual({ kind: "newTab" });
    expect(keys.actionFor(press("W", "KeyW", "CS"))).toEqual({ kind: "copy" });
    expect(keys.bindingsOf("newTab").map(({ chord }) => chord)).toEqual(["Ctrl+Shift+X", "Ctrl+Shift+T"]);
    expect(keys.bindingsOf("closeTab")).toEqual([]);
  });

  it("leaves a chord to the session where that is wished", () => {
    const keys = map({ "Ctrl+Shift+T": SEND_TO_SESSION });
    expect(keys.actionFor(press("T", "KeyT", "CS"))).toBeNull();
    expect(keys.sent).toEqual(new Set(["Ctrl+Shift+T"]));
  });

  it("passes over what says nothing and tells it", () => {
    const keys = map({ "Ctrl+Shift+Q": "danceTango", "no such key": "copy" });
    expect(keys.unknown).toEqual(["Ctrl+Shift+Q", "no such key"]);
    expect(keys.actionFor(press("Q", "KeyQ", "CS"))).toBeNull();
  });

  it("has the browsers' tab keys in their preset", () => {
    const keys = map({}, "browser");
    expect(keys.actionFor(press("3", "Digit3", "A"))).toEqual({ kind: "goToTab", number: 3 });
    expect(keys.actionFor(press("PageUp", "PageUp", "C"))).toEqual({ kind: "switchTab", by: -1 });
    expect(keys.actionFor(press("#", "Digit3", "CS"))).toBeNull();
  });

  describe("in use", () => {
    afterEach(() => setKeys(DEFAULT_KEYS));
    it("changes what keys do and what is shown", () => {
      setKeys({
        preset: "sessiondeck",
        overrides: { "Ctrl+Shift+T": SEND_TO_SESSION, "Ctrl+Shift+Q": "newTab" },
      });
      expect(chordFor("newTab", false)).toBe("Ctrl+Shift+Q");
      expect(actionFor(press("T", "KeyT", "CS"), false)).toBeNull();
    });
  });
});
