/**
 * Looks through everything a terminal keeps, a slice at a time, so that neither a large scrollback nor output that
 * flows meanwhile holds anything up. Scrollback does not change, so only what is new is looked at again.
 */
import type { IDecoration, IDisposable, IMarker, Terminal } from "@xterm/xterm";

import { logicalLine } from "./bufferText";
import { compileQuery, type QueryProblem, type SearchQuery, type Span } from "./searchQuery";

/** How far a search has come. */
export interface SearchStatus {
  readonly problem: QueryProblem | null;
  readonly count: number;
  /** Of the match in front, from 1; 0 where there is none. */
  readonly current: number;
  /** There are more than are counted. */
  readonly more: boolean;
  readonly searching: boolean;
}

/** In rows since the terminal began, so that it stays right when old rows are dropped. */
interface Match {
  readonly row: number;
  readonly column: number;
  readonly cells: number;
}

export interface SearchColours {
  readonly match: string;
  readonly current: string;
}

const MOST_MATCHES = 10_000;
const SLICE_MS = 6;
const AGAIN_MS = 120;

export class TerminalSearch {
  #find: ((line: string) => readonly Span[]) | null = null;
  #problem: QueryProblem | null = null;
  #matches: Match[] = [];
  #current = -1;
  #more = false;
  /** The next row to look at, in rows since the terminal began. */
  #next = 0;
  #dropped = 0;
  #anchor: { readonly marker: IMarker; readonly row: number } | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #decorations: IDecoration[] = [];
  #settled = false;
  /** Nothing has been shown for this query yet. */
  #fresh = true;
  readonly #listeners: IDisposable[];

  constructor(
    private readonly terminal: Terminal,
    private readonly colours: () => SearchColours,
    private readonly changed: (status: SearchStatus) => void,
  ) {
    this.#listeners = [
      terminal.onWriteParsed(() => this.#look(AGAIN_MS)),
      terminal.onScroll(() => this.#mark()),
      terminal.onResize(() => this.#restart()),
      terminal.buffer.onBufferChange(() => this.#restart()),
    ];
  }

  get status(): SearchStatus {
    return {
      problem: this.#problem,
      count: this.#matches.length,
      current: this.#current + 1,
      more: this.#more,
      searching: !this.#settled && this.#find !== null,
    };
  }

  search(query: SearchQuery): void {
    this.#fresh = true;
    const compiled = compileQuery(query);
    this.#find = compiled.kind === "ready" ? compiled.find : null;
    this.#problem = compiled.kind === "problem" ? compiled.problem : null;
    this.#restart();
  }

  /** Goes to the next match (1) or the one before (-1), around the ends. */
  step(by: 1 | -1): void {
    const { length } = this.#matches;
    if (length === 0) return;
    this.#current = this.#current < 0 ? this.#nearest() : (this.#current + by + length) % length;
    this.#show();
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const listener of this.#listeners) listener.dispose();
    this.#clearMarks();
    this.#anchor?.marker.dispose();
    this.terminal.clearSelection();
  }

  #restart(): void {
    this.#matches = [];
    this.#current = -1;
    this.#more = false;
    this.#settled = false;
    this.#anchor?.marker.dispose();
    this.#anchor = null;
    this.#dropped = 0;
    this.#next = 0;
    this.#clearMarks();
    this.#look(0);
    this.changed(this.status);
  }

  #look(after: number): void {
    if (!this.#find || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#slice();
    }, after);
  }

  /** One marker tells how many rows the buffer has dropped since it was set. */
  #measureDropped(): boolean {
    if (this.#anchor && this.#anchor.marker.line < 0) return false;
    if (this.#anchor) this.#dropped = this.#anchor.row - this.#anchor.marker.line;
    this.#anchor?.marker.dispose();
    const marker = this.terminal.registerMarker(0);
    this.#anchor = { marker, row: this.#dropped + marker.line };
    return true;
  }

  #slice(): void {
    const find = this.#find;
    if (!find) return;
    // Everything that was seen has scrolled away, or the screen was cleared: begin again.
    if (!this.#measureDropped()) {
      this.#restart();
      return;
    }
    const buffer = this.terminal.buffer.active;
    const dropped = this.#dropped;
    const stable = dropped + buffer.baseY;
    const gone = this.#matches.findIndex(({ row }) => row >= dropped);
    this.#forget(gone < 0 ? this.#matches.length : gone);
    // What is on the screen may be written over at any time.
    if (this.#settled) {
      this.#next = Math.min(this.#next, stable);
      while ((this.#matches.at(-1)?.row ?? -1) >= this.#next) this.#matches.pop();
      this.#more &&= this.#matches.length >= MOST_MATCHES;
    }
    this.#settled = false;
    const until = performance.now() + SLICE_MS;
    let row = Math.max(0, this.#next - dropped);
    if (row > 0 && buffer.getLine(row)?.isWrapped) {
      row = logicalLine(buffer, row).row;
      while ((this.#matches.at(-1)?.row ?? -1) >= row + dropped) this.#matches.pop();
    }
    const end = buffer.baseY + this.terminal.rows;
    while (row < end && !this.#more && performance.now() < until) {
      const line = logicalLine(buffer, row);
      for (const span of find(line.text)) this.#matches.push(this.#place(line.row, span));
      this.#more = this.#matches.length >= MOST_MATCHES;
      row = Math.max(row + 1, line.row + line.rows);
    }
    this.#next = Math.min(row + dropped, stable);
    this.#settled = row >= end || this.#more;
    if (!this.#settled) {
      this.#next = row + dropped;
      this.#look(0);
    }
    if (this.#current >= this.#matches.length) this.#current = -1;
    if (this.#current < 0 && this.#settled && this.#matches.length > 0) {
      this.#current = this.#nearest();
      // Later ones come by themselves, which must not move what somebody looks at.
      if (this.#fresh) this.#show();
      else this.#mark();
    } else this.#mark();
    if (this.#settled) this.#fresh = false;
    this.changed(this.status);
  }

  #forget(count: number): void {
    if (count === 0) return;
    this.#matches.splice(0, count);
    this.#current = Math.max(-1, this.#current - count);
  }

  /** Where a span of a line's text is, in cells: wide characters take two, and one cell may hold many code units. */
  #place(first: number, { from, to }: Span): Match {
    const start = this.#cellAt(first, from);
    const end = this.#cellAt(first, to);
    const { cols } = this.terminal;
    return {
      row: first + this.#dropped + Math.floor(start / cols),
      column: start % cols,
      cells: Math.max(1, end - start),
    };
  }

  #cellAt(first: number, offset: number): number {
    const { cols, buffer } = this.terminal;
    let units = 0;
    for (let cell = 0; ; cell += 1) {
      if (units >= offset) return cell;
      const place = buffer.active.getLine(first + Math.floor(cell / cols))?.getCell(cell % cols);
      if (!place) return cell;
      if (place.getWidth() > 0) units += Math.max(1, place.getChars().length);
    }
  }

  /** The last match above the end of what is in sight, as one reads a log: the newest first. */
  #nearest(): number {
    const bottom = this.#dropped + this.terminal.buffer.active.viewportY + this.terminal.rows;
    const below = this.#matches.findIndex(({ row }) => row >= bottom);
    return below < 0 ? this.#matches.length - 1 : Math.max(0, below - 1);
  }

  #show(): void {
    const match = this.#matches[this.#current];
    if (match) {
      const { terminal } = this;
      const row = match.row - this.#dropped;
      terminal.select(match.column, row, match.cells);
      const { viewportY } = terminal.buffer.active;
      if (row < viewportY || row >= viewportY + terminal.rows)
        terminal.scrollToLine(Math.max(0, row - Math.floor(terminal.rows / 2)));
    }
    this.#mark();
    this.changed(this.status);
  }

  #clearMarks(): void {
    for (const decoration of this.#decorations) decoration.dispose();
    this.#decorations = [];
  }

  /** Marks the matches in sight, row by row. */
  #mark(): void {
    this.#clearMarks();
    const { terminal } = this;
    const { viewportY, baseY, cursorY, type } = terminal.buffer.active;
    // The alternate screen has no markers that hold.
    if (type === "alternate") return;
    const top = this.#dropped + viewportY;
    const colours = this.colours();
    this.#matches.forEach((match, index) => {
      if (match.row + Math.ceil((match.column + match.cells) / terminal.cols) <= top) return;
      if (match.row >= top + terminal.rows) return;
      let { column, cells: left } = match;
      for (let row = match.row; left > 0; row += 1) {
        const width = Math.min(left, terminal.cols - column);
        const marker = terminal.registerMarker(row - this.#dropped - baseY - cursorY);
        const backgroundColor = index === this.#current ? colours.current : colours.match;
        const decoration = terminal.registerDecoration({ marker, x: column, width, backgroundColor });
        if (decoration) {
          decoration.onDispose(() => marker.dispose());
          this.#decorations.push(decoration);
        } else marker.dispose();
        left -= width;
        column = 0;
      }
    });
  }
}
