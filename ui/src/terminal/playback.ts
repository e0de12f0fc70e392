/**
 * Plays a recording on a terminal of its own. What it shows is as little trusted as a session: the same guard stands
 * before the parser, nothing is answered, links lead nowhere.
 */
import { Terminal } from "@xterm/xterm";

import { countAt, lengthOf, type Speed, type Track } from "./track";
import { loadTerminalFont, TERMINAL_FONT_FAMILY } from "./fonts";
import { guardParser, nextTurn } from "./parserGuard";
import { terminalTheme } from "./theme";

/** What a player tells whoever shows it. */
export interface PlaybackEvents {
  /** Where it is, in milliseconds of play, and whether it goes on. */
  moved(ms: number, playing: boolean): void;
}

/** Written at once between two looks at the clock, so that the window stays alive while it catches up. */
const PIECE_CHARS = 64 * 1024;
const FONT = { min: 6, max: 15 } as const;
/** A cell's width by the font's size, near enough to choose one. */
const CELL_RATIO = 0.602;

export class Playback {
  readonly element: HTMLDivElement;
  readonly #terminal: Terminal;
  #track: Track;
  /** So many events are on the screen. */
  #shown = 0;
  #ms = 0;
  #speed: Speed = 1;
  #playing = false;
  #frame = 0;
  #before = 0;
  /** Counts seeks; one that has been overtaken stops. */
  #seek = 0;
  #busy = false;
  #disposed = false;
  readonly #end = new AbortController();

  constructor(
    private readonly size: { readonly cols: number; readonly rows: number },
    track: Track,
    private readonly events: PlaybackEvents,
  ) {
    this.#track = track;
    this.element = document.createElement("div");
    this.element.className = "playback-screen";
    this.#terminal = new Terminal({
      allowProposedApi: true,
      cols: size.cols,
      rows: size.rows,
      cursorBlink: false,
      disableStdin: true,
      fontFamily: TERMINAL_FONT_FAMILY,
      linkHandler: { activate: () => undefined, allowNonHttpProtocols: false },
      logLevel: "off",
      minimumContrastRatio: 4.5,
      scrollback: 2_000,
      theme: terminalTheme(),
      windowOptions: {},
    });
    guardParser(this.#terminal.parser, () => this.#terminal, nextTurn);
    matchMedia("(prefers-color-scheme: dark)").addEventListener(
      "change",
      () => (this.#terminal.options.theme = terminalTheme()),
      { signal: this.#end.signal },
    );
  }

  async open(container: HTMLElement, label: string): Promise<void> {
    container.append(this.element);
    await loadTerminalFont();
    if (this.#disposed) return;
    const width = container.clientWidth / (this.size.cols * CELL_RATIO);
    const height = container.clientHeight / (this.size.rows * 1.25);
    this.#terminal.options.fontSize = Math.floor(Math.max(FONT.min, Math.min(FONT.max, width, height)));
    this.#terminal.open(this.element);
    this.#terminal.textarea?.setAttribute("aria-label", label);
    // Nothing is typed here: Tab goes past it.
    this.#terminal.textarea?.setAttribute("tabindex", "-1");
  }

  /** More of the recording has been read, or its pauses count otherwise. The same events stay on the screen. */
  setTrack(track: Track): void {
    const here = this.#shown === 0 ? 0 : (track.times[this.#shown - 1] ?? 0);
    // Between two events time goes on as it was, where nothing has moved.
    this.#ms = track.times[this.#shown - 1] === this.#track.times[this.#shown - 1] ? this.#ms : here;
    this.#track = track;
    this.#tell();
  }

  get ms(): number {
    return this.#ms;
  }

  setSpeed(speed: Speed): void {
    this.#speed = speed;
  }

  play(): void {
    if (this.#playing || this.#disposed) return;
    if (this.#ms >= lengthOf(this.#track)) void this.seek(0);
    this.#playing = true;
    this.#before = performance.now();
    this.#frame = requestAnimationFrame(() => this.#tick());
    this.#tell();
  }

  pause(): void {
    if (!this.#playing) return;
    this.#playing = false;
    cancelAnimationFrame(this.#frame);
    this.#tell();
  }

  /** Goes to a moment; backwards means from the beginning, quickly. */
  async seek(ms: number): Promise<void> {
    this.#seek += 1;
    const mine = this.#seek;
    const to = Math.max(0, Math.min(ms, lengthOf(this.#track)));
    this.#ms = to;
    const count = countAt(this.#track, to);
    this.#tell();
    this.#busy = true;
    try {
      if (count < this.#shown) {
        this.#terminal.reset();
        this.#terminal.resize(this.size.cols, this.size.rows);
        this.#shown = 0;
      }
      while (this.#shown < count && mine === this.#seek && !this.#disposed) {
        this.#showSome(count);
        await new Promise<void>((resolve) => this.#terminal.write("", resolve));
        await nextTurn();
      }
    } finally {
      if (mine === this.#seek) this.#busy = false;
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#end.abort();
    cancelAnimationFrame(this.#frame);
    this.#terminal.dispose();
    this.element.remove();
  }

  #tick(): void {
    const now = performance.now();
    if (!this.#busy) {
      this.#ms = Math.min(this.#ms + (now - this.#before) * this.#speed, lengthOf(this.#track));
      const count = countAt(this.#track, this.#ms);
      if (this.#shown < count) this.#showSome(count);
      // Time waits for a screen that is behind.
      if (this.#shown < count) this.#ms = this.#track.times[this.#shown] ?? this.#ms;
      else if (this.#ms >= lengthOf(this.#track)) this.#playing = false;
      this.#tell();
    }
    this.#before = now;
    if (this.#playing) this.#frame = requestAnimationFrame(() => this.#tick());
  }

  /** Shows events up to `count`, but no more than one piece of them. */
  #showSome(count: number): void {
    let chars = 0;
    while (this.#shown < count && chars < PIECE_CHARS) {
      const event = this.#track.events[this.#shown];
      this.#shown += 1;
      if (event?.kind === "output") {
        this.#terminal.write(event.text);
        chars += event.text.length;
      } else if (event?.kind === "resize") {
        this.#terminal.resize(event.cols, event.rows);
      }
    }
  }

  #tell(): void {
    this.events.moved(this.#ms, this.#playing);
  }
}
