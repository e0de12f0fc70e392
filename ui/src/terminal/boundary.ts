/** Where one session ends and the next begins in the same terminal: a rule below everything that is on the screen. */
import type { IBuffer, Terminal } from "@xterm/xterm";

/** Ends what a session may have left switched on: colours, mouse, keypad, paste, alternate screen, margins. */
export const RESET_MODES =
  "\x1b[!p\x1b[0m\x1b[?1l\x1b>\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l" +
  "\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[r";

/** What draws the rule with `label` in it, after {@link RESET_MODES}; empty where there is nothing to draw it below. */
export function boundary(
  { buffer, cols, rows }: Pick<Terminal, "buffer" | "cols" | "rows">,
  label: string,
): string {
  const last = lastRow(buffer.normal, rows);
  if (last === 0) return "";
  const text = `── ${label} `.slice(0, cols);
  return `\x1b[${last};1H\r\n\x1b[2m${text.padEnd(cols, "─")}\x1b[0m\r\n`;
}

/** The last row of the screen that shows something, from 1; 0 where none does. */
function lastRow(buffer: IBuffer, rows: number): number {
  for (let row = rows; row > 0; row -= 1) {
    if (buffer.getLine(buffer.baseY + row - 1)?.translateToString(true)) return row;
  }
  return 0;
}
