import { describe, expect, it } from "vitest";

import { BUILT_IN_THEMES } from "./builtIn";
import { COLOUR_NAMES, contrast, contrastReport, isDark } from "./colours";
import { IMPORT_LIMIT, importThemes } from "./importTheme";

const first = (text: string, file = "x.txt") => {
  const imported = importThemes(text, file);
  if (!imported.ok) throw new Error(imported.problem);
  return imported.themes[0];
};

describe("built-in themes", () => {
  it("have every colour, and names of their own", () => {
    for (const { name, colours } of BUILT_IN_THEMES)
      for (const colour of COLOUR_NAMES)
        expect(colours[colour], `${name}: ${colour}`).toMatch(/^#[0-9a-f]{6}$/);
    expect(new Set(BUILT_IN_THEMES.map(({ name }) => name)).size).toBe(BUILT_IN_THEMES.length);
    expect(BUILT_IN_THEMES.filter(({ colours }) => isDark(colours)).length).toBeGreaterThanOrEqual(4);
    expect(BUILT_IN_THEMES.filter(({ colours }) => !isDark(colours)).length).toBeGreaterThanOrEqual(4);
  });

  it("keep the promise of high contrast", () => {
    for (const { name, colours } of BUILT_IN_THEMES.filter(({ name }) => name.startsWith("High Contrast")))
      for (const finding of contrastReport(colours))
        expect(finding.grade, `${name}: ${finding.name}`).toBe("good");
  });
});

describe("contrast", () => {
  it("is what WCAG says", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  });
});

const iTermColour = (key: string, [red, green, blue]: readonly number[]) =>
  `<key>${key}</key><dict><key>Blue Component</key><real>${blue}</real><key>Green Component</key><real>${green}</real><key>Red Component</key><real>${red}</real></dict>`;

describe("importThemes", () => {
  it("reads iTerm2", () => {
    const keys = [...Array.from({ length: 16 }, (_, index) => `Ansi ${index} Color`), "Foreground Color"];
    const text = `<plist><dict>${keys.map((key) => iTermColour(key, [1, 0.5, 0])).join("")}${iTermColour("Background Color", [0, 0, 0])}</dict></plist>`;
    const theme = first(text, "/home/x/My Scheme.itermcolors");
    expect(theme?.name).toBe("My Scheme");
    expect(theme?.colours.brightWhite).toBe("#ff8000");
    expect(theme?.colours.background).toBe("#000000");
  });

  it("reads base16 and base24", () => {
    const base = Array.from(
      { length: 16 },
      (_, index) => `  base0${index.toString(16).toUpperCase()}: "#1${index.toString(16)}0000"`,
    ).join("\n");
    const theme = first(`system: base24\nname: "Some: name"\npalette:\n${base}\n  base12: 'abcdef' # red\n`);
    expect(theme?.name).toBe("Some name");
    expect(theme?.colours.red).toBe("#180000");
    expect(theme?.colours.brightRed).toBe("#abcdef");
    expect(theme?.colours.brightGreen).toBe("#1b0000");
  });

  const windows = (name: string) => ({
    name,
    background: "#0C0C0C",
    foreground: "#CCCCCC",
    cursorColor: "#FFFFFF",
    ...Object.fromEntries(
      "black red green yellow blue purple cyan white".split(" ").flatMap((colour) => [
        [colour, "#123456"],
        [`bright${colour.charAt(0).toUpperCase()}${colour.slice(1)}`, "#654321"],
      ]),
    ),
  });

  it("reads one scheme of Windows Terminal, or all of a settings file", () => {
    expect(first(JSON.stringify(windows("Campbell")))?.colours.brightMagenta).toBe("#654321");
    const all = importThemes(
      `{\n // mine\n "schemes": ${JSON.stringify([windows("A"), windows("B")])} }`,
      "settings.json",
    );
    expect(all.ok && all.themes.map(({ name }) => name)).toEqual(["A", "B"]);
  });

  it("reads Gogh, as JSON and as YAML", () => {
    const pairs = Array.from({ length: 16 }, (_, index): [string, string] => [
      `color_${String(index + 1).padStart(2, "0")}`,
      `#0000${(index + 16).toString(16)}`,
    ]);
    const scheme: Record<string, string> = {
      name: "Elic",
      ...Object.fromEntries(pairs),
      background: "#4A453E",
      foreground: "#F2F2F2",
    };
    expect(first(JSON.stringify(scheme))?.colours.brightWhite).toBe("#00001f");
    const yaml = Object.entries(scheme)
      .map(([key, value]) => `${key}: '${value}'`)
      .join("\n");
    expect(first(`---\n${yaml}\n`)?.colours.black).toBe("#000010");
  });

  it("gives a name that can be a file's", () => {
    expect(first(JSON.stringify(windows("../../etc/passwd\u0000")))?.name).toBe("etc passwd");
    expect(first(JSON.stringify(windows("💥")), "💥.json")?.name).toBe("Imported");
  });

  it("refuses what is none, what lacks colours and what is too long", () => {
    expect(importThemes("hello", "x")).toEqual({ ok: false, problem: "unknown" });
    expect(importThemes("{", "x")).toEqual({ ok: false, problem: "unknown" });
    expect(importThemes(JSON.stringify({ ...windows("A"), red: "url(evil)" }), "x")).toEqual({
      ok: false,
      problem: "incomplete",
    });
    expect(importThemes("x".repeat(IMPORT_LIMIT + 1), "x")).toEqual({ ok: false, problem: "tooLarge" });
  });
});
