/** A terminal's colours by role, and how well they can be read. */

export const COLOUR_NAMES = [
  "background",
  "foreground",
  "cursor",
  "cursorAccent",
  "selectionBackground",
  "black",
  "red",
  "green",
  "yellow",
  "blue",
  "magenta",
  "cyan",
  "white",
  "brightBlack",
  "brightRed",
  "brightGreen",
  "brightYellow",
  "brightBlue",
  "brightMagenta",
  "brightCyan",
  "brightWhite",
] as const;
export type ColourName = (typeof COLOUR_NAMES)[number];
export type Colours = Readonly<Record<ColourName, string>>;

/** The sixteen that programs choose from. */
export const ANSI_NAMES = COLOUR_NAMES.slice(5);

export interface Theme {
  readonly name: string;
  readonly colours: Colours;
  /** Whose palette it is; null for one that was imported. */
  readonly credit: string | null;
}

const channels = (colour: string): readonly number[] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);

/** Relative luminance as WCAG 2 defines it. */
export function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((channel) =>
    channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

export const isDark = (colours: Colours): boolean => luminance(colours.background) < 0.18;

export interface ContrastFinding {
  readonly name: ColourName;
  readonly ratio: number;
  /** `good`: enough for text (4.5); `large`: for large text only (3); `poor`: for none. */
  readonly grade: "good" | "large" | "poor";
}

/** Text and each of the sixteen colours against the background. */
export function contrastReport(colours: Colours): readonly ContrastFinding[] {
  return (["foreground", ...ANSI_NAMES] as const).map((name) => {
    const ratio = contrast(colours[name], colours.background);
    return { name, ratio, grade: ratio >= 4.5 ? "good" : ratio >= 3 ? "large" : "poor" };
  });
}
