import { describe, expect, it } from "vitest";

import { APP_MENU, menuAction, menuChord, menuEntry, systemMenu } from "./appMenu";

const entries = APP_MENU.flatMap((section) => section.entries);

describe("the application's menu", () => {
  it("names each entry once, and finds it by that name", () => {
    const ids = entries.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const entry of entries) expect(menuEntry(entry.id)).toBe(entry);
    expect(menuEntry("nothing")).toBeNull();
  });

  it("shows the key of exactly that action", () => {
    const chord = (id: string, mac = false) => {
      const entry = menuEntry(id);
      return entry ? menuChord(entry, mac) : null;
    };
    expect([chord("zoomIn"), chord("zoomOut"), chord("zoomReset")]).toEqual(["Ctrl+=", "Ctrl+-", "Ctrl+0"]);
    expect([chord("nextTab"), chord("previousTab")]).toEqual(["Ctrl+Tab", "Ctrl+Shift+Tab"]);
    expect([chord("fullScreen"), chord("fullScreen", true)]).toEqual(["F11", "Ctrl+Cmd+F"]);
    expect(chord("import")).toBe("");
  });

  it("has a key for all that keys can do", () => {
    for (const mac of [true, false])
      for (const entry of entries)
        if (menuAction(entry)) expect(menuChord(entry, mac), entry.id).not.toBe("");
  });

  it("is the same in the system's menu bar", () => {
    expect(systemMenu(true).flatMap(({ items }) => items.map(({ id }) => id))).toEqual(
      entries.map(({ id }) => id),
    );
  });
});
