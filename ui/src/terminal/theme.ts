/** The terminal's colours, read from the same custom properties as the rest of the window (`styles/tokens.css`). */
import type { ITheme } from "@xterm/xterm";

const NAMES = [
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
] as const satisfies readonly (keyof ITheme)[];

const customProperty = (name: string): string =>
  `--terminal-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export function terminalTheme(): ITheme {
  const style = getComputedStyle(document.documentElement);
  const theme: ITheme = {};
  for (const name of NAMES) {
    const value = style.getPropertyValue(customProperty(name)).trim();
    if (value !== "") theme[name] = value;
  }
  return theme;
}
