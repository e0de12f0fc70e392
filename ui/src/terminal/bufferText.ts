/** What a terminal shows and has scrolled away, as text. */
import type { IBuffer } from "@xterm/xterm";

/** One line as it was printed, however many rows it takes. */
export interface LogicalLine {
  /** Its first row in the buffer. */
  readonly row: number;
  readonly rows: number;
  readonly text: string;
}

/** The line that the row belongs to; rows of one line are joined, at most so many. */
export function logicalLine(buffer: IBuffer, at: number, mostRows = 200): LogicalLine {
  let row = at;
  while (row > 0 && at - row < mostRows && buffer.getLine(row)?.isWrapped) row -= 1;
  let rows = 1;
  while (rows < mostRows && buffer.getLine(row + rows)?.isWrapped) rows += 1;
  let text = "";
  for (let index = 0; index < rows; index += 1)
    text += buffer.getLine(row + index)?.translateToString(index === rows - 1) ?? "";
  return { row, rows, text };
}

/** Everything from the first row on, without the blank lines at the end. */
export function bufferText(buffer: IBuffer, fromRow = 0): string {
  const lines: string[] = [];
  for (let row = fromRow; row < buffer.length;) {
    const line = logicalLine(buffer, row);
    lines.push(line.text);
    row = line.row + line.rows;
  }
  return `${lines.join("\n").replace(/\n+$/, "")}\n`;
}
