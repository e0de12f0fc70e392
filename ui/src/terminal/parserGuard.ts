/**
 * Keeps the far end from freezing the page. In xterm.js 6.0.0 a single sequence with a large count loops up to 2^31
 * times on the only thread, and cheap-looking sequences repeated without end keep it busy just as well. So: counts
 * beyond any use are dropped, and sequences that cost much add up until the parser has to let others run.
 *
 * It also swallows what must never be answered or obeyed: the clipboard (OSC 52).
 */
import type { IDisposable, IParser } from "@xterm/xterm";

/** The terminal's present size. */
export interface Cells {
  readonly cols: number;
  readonly rows: number;
}

type Params = readonly (number | number[])[];

/** Microseconds of estimated work after which the parser pauses until the event loop has been round once. */
const BUDGET_US = 8_000;

/** Estimated microseconds per unit, measured with xterm.js 6.0.0 on one core of a server machine. */
const COST_US = { line: 4, cell: 0.07, tab: 0.1, screenCell: 0.02, reset: 70, colours: 250 } as const;

const count = (params: Params): number => {
  const first = params[0];
  return typeof first === "number" && first > 0 ? first : 1;
};

interface Guarded {
  readonly id: { readonly final: string; readonly prefix?: string; readonly intermediates?: string };
  /** The largest count that can mean something. */
  readonly limit?: (size: Cells) => number;
  readonly cost: (params: Params, size: Cells) => number;
}

const lines = (params: Params, size: Cells): number => Math.min(count(params), 4 * size.rows) * COST_US.line;
const screen = (_params: Params, size: Cells): number => size.cols * size.rows * COST_US.screenCell;
const fourScreens = (size: Cells): number => 4 * size.rows;

const GUARDED: readonly Guarded[] = [
  // Insert and delete lines, scroll up and down.
  ...["L", "M", "S", "T"].map((final): Guarded => ({ id: { final }, limit: fourScreens, cost: lines })),
  // Tabs forwards and backwards.
  ...["I", "Z"].map((final): Guarded => ({
    id: { final },
    limit: fourScreens,
    cost: (params) => count(params) * COST_US.tab,
  })),
  // Repeat the preceding character.
  {
    id: { final: "b" },
    limit: ({ cols, rows }) => cols * rows,
    cost: (params) => count(params) * COST_US.cell,
  },
  // Erase in display, plain and selective.
  { id: { final: "J" }, cost: screen },
  { id: { prefix: "?", final: "J" }, cost: screen },
  // Scroll left and right, insert and delete columns: each touches every line.
  { id: { intermediates: " ", final: "@" }, cost: screen },
  { id: { intermediates: " ", final: "A" }, cost: screen },
  { id: { intermediates: "'", final: "}" }, cost: screen },
  { id: { intermediates: "'", final: "~" }, cost: screen },
  // Modes: the alternate screen clears and repaints.
  { id: { prefix: "?", final: "h" }, cost: screen },
  { id: { prefix: "?", final: "l" }, cost: screen },
];

/** Puts the guard before xterm.js's own handlers; `pause` ends when others have had their turn. */
export function guardParser(parser: IParser, size: () => Cells, pause: () => Promise<void>): IDisposable {
  let spent = 0;

  /** False lets xterm.js's own handler do the work, at once or after a pause. */
  const spend = (cost: number): false | Promise<boolean> => {
    spent += cost;
    if (spent < BUDGET_US) return false;
    spent = 0;
    return pause().then(() => false);
  };

  const disposables: IDisposable[] = [
    ...GUARDED.map(({ id, limit, cost }) =>
      parser.registerCsiHandler(id, (params) => {
        const cells = size();
        if (limit && count(params) > limit(cells)) return true;
        return spend(cost(params, cells));
      }),
    ),
    // Full reset, and the alignment pattern.
    parser.registerEscHandler({ final: "c" }, () => spend(COST_US.reset)),
    parser.registerEscHandler({ intermediates: "#", final: "8" }, () => spend(screen([], size()))),
    // Colours: each change draws everything anew.
    ...[4, 10, 11, 12, 104, 110, 111, 112].map((kind) =>
      parser.registerOscHandler(kind, () => spend(COST_US.colours)),
    ),
    // The clipboard: never read for the far end, and not yet written for it.
    parser.registerOscHandler(52, () => true),
  ];
  return { dispose: () => disposables.forEach((disposable) => disposable.dispose()) };
}

/** A pause that lets timers, input and painting run. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
