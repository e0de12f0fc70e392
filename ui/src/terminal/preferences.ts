/** What a person may choose about terminals. Whoever keeps settings hands them to `TerminalView.setPreferences`. */

export interface TerminalPreferences {
  /** Null for the bundled font. */
  readonly fontFamily: string | null;
  /** In CSS pixels. */
  readonly fontSize: number;
  /** A multiple of the font's own height. */
  readonly lineHeight: number;
  /** In CSS pixels. */
  readonly letterSpacing: number;
  /** 100 to 900. */
  readonly fontWeight: number;
  /** Lines kept above the screen, as far as {@link scrollbackBudgetMb} allows. */
  readonly scrollback: number;
  readonly cursorStyle: "block" | "bar" | "underline";
  readonly cursorBlink: boolean;
  readonly bell: "none" | "visual" | "sound";
  readonly copyOnSelect: boolean;
  readonly rightClick: "menu" | "paste" | "copyOrPaste";
  /** When a paste is shown before it is sent. Control characters never go as they are, whatever is chosen. */
  readonly pasteGuard: "risky" | "always" | "never";
  /** Whether the far end may put text on the clipboard (OSC 52). It can never read it. */
  readonly clipboardWrite: "ask" | "allow" | "deny";
  readonly ligatures: boolean;
  /** Whether pictures (sixel, iTerm) are drawn. */
  readonly images: boolean;
  /** The least contrast between text and background, 1 to 21. */
  readonly minimumContrast: number;
  readonly renderer: "auto" | "webgl" | "dom";
  /** Announces output to assistive technology; costs speed. */
  readonly screenReader: boolean;
  /** Where a double click ends a word. */
  readonly wordSeparators: string;
  /** What the scrollback of all terminals together may take. */
  readonly scrollbackBudgetMb: number;
}

export const DEFAULT_TERMINAL_PREFERENCES: TerminalPreferences = {
  fontFamily: null,
  fontSize: 13,
  lineHeight: 1,
  letterSpacing: 0,
  fontWeight: 400,
  scrollback: 10_000,
  cursorStyle: "block",
  cursorBlink: false,
  bell: "none",
  copyOnSelect: false,
  rightClick: "menu",
  pasteGuard: "risky",
  clipboardWrite: "ask",
  ligatures: false,
  images: false,
  minimumContrast: 4.5,
  renderer: "auto",
  screenReader: false,
  wordSeparators: " ()[]{}'\",`|│┃║",
  scrollbackBudgetMb: 512,
};

/** Within which a number makes sense; what is stored elsewhere may say anything. */
export const TERMINAL_LIMITS = {
  fontSize: { min: 6, max: 72 },
  lineHeight: { min: 1, max: 3 },
  letterSpacing: { min: -5, max: 20 },
  fontWeight: { min: 100, max: 900 },
  scrollback: { min: 0, max: 1_000_000 },
  minimumContrast: { min: 1, max: 21 },
  scrollbackBudgetMb: { min: 16, max: 16_384 },
} as const satisfies Partial<Record<keyof TerminalPreferences, { min: number; max: number }>>;

/** The same with every number inside its limits; one that is none becomes the default. */
export function withinLimits(preferences: TerminalPreferences): TerminalPreferences {
  const numbers = Object.fromEntries(
    Object.entries(TERMINAL_LIMITS).map(([name, { min, max }]) => {
      const key = name as keyof typeof TERMINAL_LIMITS;
      const value = preferences[key];
      return [
        key,
        Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : DEFAULT_TERMINAL_PREFERENCES[key],
      ];
    }),
  );
  return { ...preferences, ...numbers };
}
