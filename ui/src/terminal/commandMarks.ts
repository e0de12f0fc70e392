/** Where prompts and commands are, as far as the shell says so (OSC 133). */
import type { IDisposable, IMarker, Terminal } from "@xterm/xterm";

const MOST = 2_000;

export class CommandMarks implements IDisposable {
  readonly #prompts: IMarker[] = [];
  readonly #handler: IDisposable;

  constructor(
    private readonly terminal: Pick<Terminal, "parser" | "registerMarker" | "buffer">,
    /** A command is over; null where the shell does not say how. */
    private readonly finished: (exitStatus: number | null) => void = () => undefined,
  ) {
    this.#handler = terminal.parser.registerOscHandler(133, (data) => this.#heard(data));
  }

  /** The row of the prompt before (-1) or after (1) a row; null where there is none. */
  next(from: number, by: 1 | -1): number | null {
    const rows = this.#prompts.map(({ line }) => line).filter((line) => line >= 0);
    const there = rows.filter((line) => (by < 0 ? line < from : line > from));
    return there.length === 0 ? null : by < 0 ? Math.max(...there) : Math.min(...there);
  }

  dispose(): void {
    this.#handler.dispose();
    for (const marker of this.#prompts.splice(0)) marker.dispose();
  }

  #heard(data: string): boolean {
    const [kind, status] = data.split(";", 2);
    if (kind === "A" && this.terminal.buffer.active.type === "normal") {
      const marker = this.terminal.registerMarker(0);
      const last = this.#prompts.at(-1);
      if (last?.line === marker.line) marker.dispose();
      else this.#prompts.push(marker);
      if (this.#prompts.length > MOST) this.#prompts.shift()?.dispose();
    }
    if (kind === "D") this.finished(/^\d{1,10}$/.test(status ?? "") ? Number(status) : null);
    return true;
  }
}
