/**
 * Shares one budget of memory among the scrollback of all terminals. What does not fit is taken from hidden terminals,
 * those first that have been out of sight the longest; terminals in sight are cut only when nothing else is left.
 */

/** A terminal, as far as its scrollback goes. */
export interface ScrollbackUse {
  readonly id: string;
  readonly cols: number;
  /** Lines above the screen now. */
  readonly lines: number;
  readonly visible: boolean;
  /** When it was in sight last, on any clock that all of them share. */
  readonly seenAt: number;
}

/** Measured with xterm.js 6: twelve bytes a cell, and what a line itself takes. */
const CELL_BYTES = 12;
const LINE_BYTES = 160;
/** A terminal keeps these, whatever the budget says: what is being read must not vanish. */
const KEPT_HIDDEN = 200;
const KEPT_VISIBLE = 1_000;

/** What one line takes. */
export const lineBytes = (cols: number): number => cols * CELL_BYTES + LINE_BYTES;

/** How many lines each terminal may keep; only those are named that must give some up. */
export function overBudget(uses: readonly ScrollbackUse[], budgetBytes: number): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  let excess = uses.reduce((sum, { cols, lines }) => sum + lines * lineBytes(cols), 0) - budgetBytes;
  const order = [...uses].sort((one, two) =>
    one.visible === two.visible ? one.seenAt - two.seenAt : one.visible ? 1 : -1,
  );
  for (const { id, cols, lines, visible } of order) {
    if (excess <= 0) break;
    const spare = Math.max(0, lines - (visible ? KEPT_VISIBLE : KEPT_HIDDEN));
    const given = Math.min(spare, Math.ceil(excess / lineBytes(cols)));
    if (given === 0) continue;
    limits.set(id, lines - given);
    excess -= given * lineBytes(cols);
  }
  return limits;
}
