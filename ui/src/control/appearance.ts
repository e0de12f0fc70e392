/** Light or dark, moving or still, and the terminals' colours: what settings say over what the system says. */
import { COLOUR_NAMES, type Colours } from "../model/themes/colours";

type Appearance = "system" | "light" | "dark";

const DARK = "(prefers-color-scheme: dark)";
const STILL = "(prefers-reduced-motion: reduce)";

/** The style sheets' rules for a medium, as long as the page is there. */
const ruled = new Map<string, readonly CSSMediaRule[]>();

function rulesFor(query: string): readonly CSSMediaRule[] {
  const known = ruled.get(query);
  if (known) return known;
  const found: CSSMediaRule[] = [];
  const visit = (rules: CSSRuleList) => {
    for (const rule of rules) {
      if (!(rule instanceof CSSMediaRule)) continue;
      if (rule.media.mediaText.replace(/\s/g, "") === query.replace(/\s/g, "")) found.push(rule);
      else visit(rule.cssRules);
    }
  };
  for (const sheet of document.styleSheets) {
    try {
      visit(sheet.cssRules);
    } catch {
      // Not one of ours.
    }
  }
  if (found.length > 0) ruled.set(query, found);
  return found;
}

function decide(query: string, holds: boolean | null): void {
  const text = holds === null ? query : holds ? "all" : "not all";
  for (const rule of rulesFor(query)) {
    if (rule.media.mediaText !== text) rule.media.mediaText = text;
  }
}

/** Makes the window light or dark whatever the system is, and still where that is wished. */
export function forceAppearance(appearance: Appearance, still: boolean): void {
  decide(DARK, appearance === "system" ? null : appearance === "dark");
  decide(STILL, still ? true : null);
  document.documentElement.dataset["appearance"] = isDarkNow(appearance) ? "dark" : "light";
}

export const isDarkNow = (appearance: Appearance): boolean =>
  appearance === "system" ? matchMedia(DARK).matches : appearance === "dark";

/** Gives terminals and what surrounds them these colours; null: those of the style sheet. */
export function setTerminalColours(colours: Colours | null): void {
  const { style } = document.documentElement;
  for (const name of COLOUR_NAMES) {
    const property = terminalProperty(name);
    if (colours) style.setProperty(property, colours[name]);
    else style.removeProperty(property);
  }
}

/** The custom property of a colour. */
const terminalProperty = (name: string): string =>
  `--terminal-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
