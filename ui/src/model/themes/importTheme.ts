/**
 * Colour schemes of other terminals: iTerm2 (`.itermcolors`), base16 and base24, Windows Terminal, Gogh. Files are
 * strangers': they are looked at for colours only, nothing in them runs, and what is no colour counts as missing.
 */
import { COLOUR_NAMES, type ColourName, type Colours, isDark, type Theme } from "./colours";

/** Schemes have two or three kilobytes; a whole settings file of Windows Terminal may have some more. */
export const IMPORT_LIMIT = 256 * 1024;
/** Most schemes that are taken from one file. */
const SCHEMES_MAX = 100;

export type ImportProblem = "tooLarge" | "unknown" | "incomplete";
export type Imported =
  | { readonly ok: true; readonly themes: readonly Theme[] }
  | { readonly ok: false; readonly problem: ImportProblem };

type Found = Partial<Record<ColourName, string>>;

/** Reads whatever it is. The file's name serves where the scheme has none. */
export function importThemes(text: string, fileName: string): Imported {
  if (text.length > IMPORT_LIMIT) return { ok: false, problem: "tooLarge" };
  const usual = nameOf(fileName.replace(/^.*[\\/]/, "").replace(/\.[^.]*$/, ""));
  const found = readAny(text, usual);
  if (found.length === 0) return { ok: false, problem: "unknown" };
  const themes = found
    .slice(0, SCHEMES_MAX)
    .map(({ name, colours }): Theme | null => {
      const whole = complete(colours);
      return whole && { name: nameOf(name), colours: whole, credit: null };
    })
    .filter((each) => each !== null);
  return themes.length > 0 ? { ok: true, themes } : { ok: false, problem: "incomplete" };
}

interface Scheme {
  readonly name: string;
  readonly colours: Found;
}

function readAny(text: string, usual: string): readonly Scheme[] {
  if (/<plist|<key>Ansi \d+ Color<\/key>/.test(text)) return [{ name: usual, colours: fromITerm(text) }];
  const start = text.trimStart().charAt(0);
  if (start === "{" || start === "[") return fromJson(text, usual);
  const lines = yamlPairs(text);
  return [fromPairs(lines, usual)].filter((each) => each !== null);
}

const ANSI = COLOUR_NAMES.slice(5);

/** Red, green and blue as fractions, in a dictionary for each colour. */
function fromITerm(text: string): Found {
  const found: Found = {};
  for (const [, key = "", body = ""] of text.matchAll(/<key>([^<]{1,60})<\/key>\s*<dict>([^]*?)<\/dict>/g)) {
    const name = iTermName(key);
    if (!name) continue;
    const parts = ["Red", "Green", "Blue"].map((part) => {
      const [, value] =
        new RegExp(`<key>${part} Component</key>\\s*<(?:real|integer)>([^<]{1,40})<`).exec(body) ?? [];
      const fraction = Number(value);
      return value === undefined || !Number.isFinite(fraction)
        ? null
        : Math.round(Math.min(1, Math.max(0, fraction)) * 255);
    });
    if (parts.every((part) => part !== null))
      found[name] = `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  }
  return found;
}

function iTermName(key: string): ColourName | undefined {
  const number = /^Ansi (\d{1,2}) Color$/.exec(key)?.[1];
  if (number !== undefined) return ANSI[Number(number)];
  const others: Readonly<Record<string, ColourName>> = {
    "Background Color": "background",
    "Foreground Color": "foreground",
    "Cursor Color": "cursor",
    "Cursor Text Color": "cursorAccent",
    "Selection Color": "selectionBackground",
  };
  return others[key];
}

function fromJson(text: string, usual: string): readonly Scheme[] {
  let value: unknown;
  try {
    // Windows Terminal's files have comments at times.
    value = JSON.parse(text.replace(/^\s*\/\/.*$/gm, ""));
  } catch {
    return [];
  }
  const list = Array.isArray(value)
    ? value
    : isRecord(value) && Array.isArray(value["schemes"])
      ? value["schemes"]
      : [value];
  return list
    .filter(isRecord)
    .map((each) => {
      const texts = Object.entries(each).filter(
        (pair): pair is [string, string] => typeof pair[1] === "string",
      );
      return fromPairs(new Map(texts.map(([key, colour]) => [key.toLowerCase(), colour])), usual);
    })
    .filter((each) => each !== null);
}

/** `key: value` lines at any depth; all that schemes need of YAML. */
function yamlPairs(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, key, quoted, single, plain] =
      /^\s*["']?([\w-]{1,40})["']?\s*:\s*(?:"([^"]*)"|'([^']*)'|([^\s#][^#]*?))\s*(?:#.*)?$/.exec(line) ?? [];
    const value = quoted ?? single ?? plain;
    if (key !== undefined && value !== undefined && !pairs.has(key.toLowerCase()))
      pairs.set(key.toLowerCase(), value);
  }
  return pairs;
}

/** Which key stands for which colour, in each of the three dialects. */
function fromPairs(pairs: ReadonlyMap<string, string>, usual: string): Scheme | null {
  const name = pairs.get("name") ?? pairs.get("scheme") ?? usual;
  const take = (names: readonly (readonly [ColourName, string])[]): Found =>
    Object.fromEntries(
      names
        .map(([colour, key]) => [colour, hex(pairs.get(key))] as const)
        .filter(([, value]) => value !== null),
    );
  if (pairs.has("base00") && pairs.has("base0f")) {
    const bright = (base24: string, base16: string) => (pairs.has(base24) ? base24 : base16);
    return {
      name,
      colours: take([
        ["background", "base00"],
        ["foreground", "base05"],
        ["selectionBackground", "base02"],
        ["black", "base00"],
        ["red", "base08"],
        ["green", "base0b"],
        ["yellow", "base0a"],
        ["blue", "base0d"],
        ["magenta", "base0e"],
        ["cyan", "base0c"],
        ["white", "base05"],
        ["brightBlack", "base03"],
        ["brightRed", bright("base12", "base08")],
        ["brightYellow", bright("base13", "base0a")],
        ["brightGreen", bright("base14", "base0b")],
        ["brightCyan", bright("base15", "base0c")],
        ["brightBlue", bright("base16", "base0d")],
        ["brightMagenta", bright("base17", "base0e")],
        ["brightWhite", "base07"],
      ]),
    };
  }
  if (pairs.has("color_01")) {
    return {
      name,
      colours: take([
        ...ANSI.map((colour, index) => [colour, `color_${String(index + 1).padStart(2, "0")}`] as const),
        ["background", "background"],
        ["foreground", "foreground"],
        ["cursor", "cursor"],
      ]),
    };
  }
  if (pairs.has("background") && pairs.has("brightblack")) {
    return {
      name,
      colours: take([
        ...ANSI.map((colour) => [colour, colour.toLowerCase().replace("magenta", "purple")] as const),
        ["background", "background"],
        ["foreground", "foreground"],
        ["cursor", "cursorcolor"],
        ["selectionBackground", "selectionbackground"],
      ]),
    };
  }
  return null;
}

/** `#rrggbb`, or null where the text is no colour. */
function hex(text: string | undefined): string | null {
  const digits = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text?.trim() ?? "")?.[1]?.toLowerCase();
  if (digits === undefined) return null;
  return `#${digits.length === 3 ? digits.replace(/./g, "$&$&") : digits}`;
}

/** All colours, or null where more is missing than can be told from the rest. */
function complete(found: Found): Colours | null {
  const { background, foreground } = found;
  if (background === undefined || foreground === undefined) return null;
  if (ANSI.some((name) => found[name] === undefined)) return null;
  const whole = { ...found } as Colours;
  return {
    ...whole,
    cursor: found.cursor ?? foreground,
    cursorAccent: found.cursorAccent ?? background,
    selectionBackground: found.selectionBackground ?? (isDark(whole) ? "#3a4a5c" : "#b7d3f0"),
  };
}

/** A name that can be a file's. */
function nameOf(text: string): string {
  const name = text
    .replace(/[^\p{L}\p{N} _+()-]/gu, " ")
    .replace(/\s+/g, " ")
    .replace(/^[^\p{L}\p{N}]+/u, "")
    .slice(0, 60)
    .trim();
  return name === "" ? "Imported" : name;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
