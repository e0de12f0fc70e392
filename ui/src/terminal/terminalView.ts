/**
 * One terminal on the screen: xterm.js with our own input, paste, link, flow and safety rules. It knows neither
 * profiles nor tabs nor the backend; whoever owns it says what to do through {@link TerminalEvents}.
 */
import { FitAddon } from "@xterm/addon-fit";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { type IBufferRange, type IDisposable, type ILinkHandler, type ITheme, Terminal } from "@xterm/xterm";

import { boundary, RESET_MODES } from "./boundary";
import { bufferText } from "./bufferText";
import { crc32 } from "./checksum";
import { CommandMarks } from "./commandMarks";
import { clipboardRequest } from "./farClipboard";
import { loadGraphemes } from "./graphemes";
import { loadTerminalFont, TERMINAL_FONT_FAMILY } from "./fonts";
import { controlCharacter, isWebViewShortcut, keyPress } from "./keys";
import { checkLink, type Link } from "./links";
import { OutputQueue, type OutputScheduler } from "./outputQueue";
import { guardParser, nextTurn } from "./parserGuard";
import { preparePaste, type PreparedPaste, type PasteReview, reviewPaste } from "./paste";
import { DEFAULT_TERMINAL_PREFERENCES, type TerminalPreferences, withinLimits } from "./preferences";
import { readProgress, type TerminalProgress } from "./progress";
import { type Renderer, WebglLease } from "./renderer";
import { classifyData, isMouseReport, RateLimit } from "./replies";
import type { ScrollbackUse } from "./scrollbackBudget";
import { type SearchColours, type SearchStatus, TerminalSearch } from "./search";
import { type ScreenLink, screenLinks } from "./screenLinks";
import { terminalTheme } from "./theme";

/** Columns and rows. */
export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** What a terminal asks of its owner. */
export interface TerminalEvents {
  /** Bytes for the far end: keys, mouse reports, replies. Never after {@link TerminalView.setAccepting} said no. */
  input(bytes: Uint8Array): void;
  paste(paste: PreparedPaste): void;
  /** Asks a person about a paste; resolves to whether it may go. */
  confirmPaste(review: PasteReview): Promise<boolean>;
  resized(size: Size): void;
  /** So many bytes have been parsed. */
  parsed(bytes: number): void;
  /** The far end set a title; raw. */
  title(title: string): void;
  /** A person typed this, which {@link TerminalEvents.input} has had already. */
  typed(bytes: Uint8Array): void;
  /** A person pasted this. */
  pasted(text: string): void;
  /** Whether to ask about a paste of several lines even where the shell takes it as one. */
  confirmLines(): boolean;
  progress(progress: TerminalProgress | null): void;
  bell(): void;
  /** Someone asked for a link with Ctrl (or Command) held down. */
  openLink(link: Link): void;
  /** Enter was pressed while nothing is accepted. */
  enterWhileEnded(): void;
  /** What a hint over a link says. */
  linkHint(link: Link): string;
  readClipboard(): Promise<string>;
  writeClipboard(text: string): Promise<void>;
  /** The far end wants this text on the clipboard; only where preferences say to ask or to allow. */
  farClipboard(text: string, allowed: boolean): void;
  /** A person tried to type while it is read-only. */
  refusedInput(): void;
}

export interface TerminalOptions {
  readonly label: string;
  readonly fontSize: number;
  readonly renderer: Renderer;
  readonly mac: boolean;
  readonly scheduler: OutputScheduler;
}

const FALLBACK_SIZE: Size = { cols: 80, rows: 24 };
const REPLIES_PER_SECOND = 100;
/** Titles may be 10 MB; nobody reads more than this. */
const TITLE_LIMIT = 1_000;
const COLUMNS_DEBOUNCE_MS = 100;
const ATTRIBUTES_MS = 100;
/** Enter this soon after the end was meant for the session that is gone. */
const ENDED_GRACE_MS = 700;
const BELL_MS = 1_000;
const SELECTION_MS = 120;

export class TerminalView {
  /** What is put on the page. Carries `data-cols`, `-rows`, `-bytes`, `-digest`, `-state` for tests; see testIds.ts. */
  readonly element: HTMLDivElement;
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #queue: OutputQueue;
  readonly #disposables: IDisposable[] = [];
  readonly #abort = new AbortController();
  readonly #hint: HTMLDivElement;
  readonly #replies = new RateLimit(REPLIES_PER_SECOND, () => performance.now());
  readonly #encoder = new TextEncoder();
  readonly #marks: CommandMarks;
  readonly #webgl: WebglLease;
  readonly #bells = new RateLimit(1, () => performance.now() / (BELL_MS / 1_000));
  #preferences: TerminalPreferences = DEFAULT_TERMINAL_PREFERENCES;
  #theme: ITheme | null = null;
  #search: TerminalSearch | null = null;
  #readOnly = false;
  #seenAt = 0;
  #selectionTimer: ReturnType<typeof setTimeout> | null = null;
  #accepting = false;
  #stoppedAt = 0;
  #visible = false;
  #opened = false;
  #disposed = false;
  #bytes = 0;
  #digest = 0;
  #attributesTimer: ReturnType<typeof setTimeout> | null = null;
  #columnsTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly options: TerminalOptions,
    private readonly events: TerminalEvents,
  ) {
    this.element = document.createElement("div");
    this.element.className = "terminal-host";
    this.#hint = document.createElement("div");
    this.#hint.className = "terminal-link-hint";
    this.#hint.hidden = true;
    this.#terminal = this.#own(this.#create());
    this.#marks = this.#own(new CommandMarks(this.#terminal));
    this.#webgl = this.#own(new WebglLease(this.#terminal));
    this.#queue = new OutputQueue(
      options.scheduler,
      { write: (piece, parsed) => this.#terminal.write(piece, parsed) },
      (piece) => this.#parsed(piece),
    );
    this.#listen();
  }

  /** Puts the terminal into a container and ends once it has its size. */
  async open(container: HTMLElement): Promise<Size> {
    container.append(this.element);
    await loadTerminalFont();
    if (this.#disposed) return FALLBACK_SIZE;
    if (!this.#opened) {
      this.#opened = true;
      this.#terminal.open(this.element);
      this.element.append(this.#hint);
      this.#terminal.textarea?.setAttribute("aria-label", this.options.label);
      const observer = new ResizeObserver(() => this.#layout());
      observer.observe(this.element);
      this.#disposables.push({ dispose: () => observer.disconnect() });
      this.#applyRenderer();
    }
    this.#fitNow();
    this.#writeAttributes();
    return this.size;
  }

  get size(): Size {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Output of the session. */
  write(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Draws a line with this label below everything on the screen, and undoes what the last session switched on. */
  async drawBoundary(label: string): Promise<void> {
    await this.#writeOwn(RESET_MODES);
    await this.#writeOwn(boundary(this.#terminal, label));
  }

  /** Text of our own, which counts as no session's output. Ends once it is on the screen. */
  #writeOwn(text: string): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }

  /** Ends once everything given so far has been parsed. */
  async drained(): Promise<void> {
    while (!this.#disposed && this.#queue.pending > 0) await nextTurn();
  }

  /** Begins to count output from nothing, for a new session in the same terminal. */
  resetCounters(): void {
    this.#bytes = 0;
    this.#digest = 0;
    this.#writeAttributes();
  }

  /** Whether anything may go to the far end. */
  setAccepting(accepting: boolean): void {
    if (this.#accepting && !accepting) this.#stoppedAt = performance.now();
    this.#accepting = accepting;
  }

  setState(state: string): void {
    this.element.dataset["state"] = state;
  }

  /**
   * Whether this is the terminal in front. One that goes to the back lets go of the keyboard at once: what is typed after
   * that is never its own.
   */
  setVisible(visible: boolean): void {
    this.#visible = visible;
    this.#seenAt = performance.now();
    this.element.toggleAttribute("data-front", visible);
    if (!visible && this.element.contains(document.activeElement)) this.#terminal.blur();
    this.#queue.setVisible(visible);
    this.#applyRenderer();
    if (visible) this.#layout();
  }

  setFontSize(fontSize: number): void {
    this.setPreferences({ ...this.#preferences, fontSize });
  }

  /** Applies all of it at once, to what is on the screen too. */
  setPreferences(preferences: TerminalPreferences): void {
    const wanted = withinLimits(preferences);
    this.#preferences = wanted;
    const { options } = this.#terminal;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const settings = {
      cursorBlink: wanted.cursorBlink && !still,
      cursorStyle: wanted.cursorStyle,
      fontFamily: fontFamily(wanted.fontFamily),
      fontSize: wanted.fontSize,
      fontWeight: wanted.fontWeight,
      letterSpacing: wanted.letterSpacing,
      lineHeight: wanted.lineHeight,
      minimumContrastRatio: wanted.minimumContrast,
      screenReaderMode: wanted.screenReader,
      scrollback: wanted.scrollback,
      wordSeparator: wanted.wordSeparators,
    } as const;
    // What is set anew is measured and drawn anew, even where it is the same.
    for (const name of Object.keys(settings) as (keyof typeof settings)[])
      if (options[name] !== settings[name]) Object.assign(options, { [name]: settings[name] });
    this.element.toggleAttribute("data-ligatures", wanted.ligatures);
    this.#applyRenderer();
    this.#layout();
  }

  get preferences(): TerminalPreferences {
    return this.#preferences;
  }

  /** Colours of a theme; null for those of the window. */
  setTheme(theme: ITheme | null): void {
    this.#theme = theme;
    this.refreshTheme();
  }

  /** While it is read-only, neither keys nor pastes nor the mouse reach the far end. */
  setReadOnly(readOnly: boolean): void {
    this.#readOnly = readOnly;
    this.element.toggleAttribute("data-read-only", readOnly);
  }

  get readOnly(): boolean {
    return this.#readOnly;
  }

  /** Begins to look through the scrollback; the search before ends. */
  startSearch(changed: (status: SearchStatus) => void): TerminalSearch {
    this.#search?.dispose();
    this.#search = new TerminalSearch(this.#terminal, searchColours, changed);
    return this.#search;
  }

  endSearch(): void {
    this.#search?.dispose();
    this.#search = null;
  }

  /** Scrolls to the prompt before or after what is at the top; false where the shell marks none there. */
  scrollToPrompt(by: 1 | -1): boolean {
    const row = this.#marks.next(this.#terminal.buffer.active.viewportY, by);
    if (row !== null) this.#terminal.scrollToLine(row);
    return row !== null;
  }

  /** The links in sight. */
  links(): readonly ScreenLink[] {
    return screenLinks(this.#terminal, (range) => this.#textIn(range));
  }

  /** All that is kept, or its last lines, as plain text. */
  text(lastRows = Number.POSITIVE_INFINITY): string {
    const { active } = this.#terminal.buffer;
    return bufferText(active, Math.max(0, active.baseY + this.#terminal.rows - lastRows));
  }

  /** What its scrollback takes, for the budget of all. */
  scrollbackUse(id: string): ScrollbackUse {
    const { normal } = this.#terminal.buffer;
    return {
      id,
      cols: this.#terminal.cols,
      lines: normal.baseY,
      visible: this.#visible,
      seenAt: this.#seenAt,
    };
  }

  /** Gives up the oldest lines beyond so many; later ones may grow again. */
  trimScrollback(lines: number): void {
    this.#terminal.options.scrollback = Math.min(lines, this.#preferences.scrollback);
    this.#terminal.options.scrollback = this.#preferences.scrollback;
  }

  /** Brings a screen that output has left unusable back to its beginning. */
  reset(): void {
    this.#terminal.reset();
    this.#layout();
  }

  setLabel(label: string): void {
    this.#terminal.textarea?.setAttribute("aria-label", label);
  }

  refreshTheme(): void {
    this.#terminal.options.theme = this.#theme ?? terminalTheme();
  }

  /** Takes the keyboard; does nothing where the terminal is not on the screen yet. */
  focus(): void {
    this.#terminal.focus();
  }

  get hasSelection(): boolean {
    return this.#terminal.hasSelection();
  }

  async copy(): Promise<boolean> {
    if (!this.#terminal.hasSelection()) return false;
    await this.events.writeClipboard(this.#terminal.getSelection());
    return true;
  }

  async pasteFromClipboard(): Promise<void> {
    if (this.#refuses()) return;
    if (this.#accepting) await this.paste(await this.events.readClipboard());
  }

  /** The only way by which pasted text reaches the far end. */
  async paste(text: string): Promise<void> {
    if (!this.#accepting || text === "" || this.#refuses()) return;
    const careful = this.events.confirmLines();
    const { pasteGuard } = this.#preferences;
    const review = reviewPaste(
      text,
      this.#terminal.modes.bracketedPasteMode && !careful,
      careful && pasteGuard === "never" ? "risky" : pasteGuard,
    );
    if (review && !(await this.events.confirmPaste(review))) return;
    // The mode may have changed while somebody was reading.
    if (!this.#takes()) return;
    this.takePaste(text);
    this.events.pasted(text);
  }

  /** Takes a paste that was agreed to. */
  takePaste(text: string): void {
    if (!this.#takes()) return;
    this.#terminal.scrollToBottom();
    this.events.paste(preparePaste(text, this.#terminal.modes.bracketedPasteMode));
  }

  /** Takes what was typed elsewhere. */
  take(bytes: Uint8Array): void {
    if (!this.#takes()) return;
    this.#terminal.scrollToBottom();
    this.#send(bytes);
  }

  #takes(): boolean {
    return this.#accepting && !this.#readOnly;
  }

  /** Whether input is refused now, which is told. */
  #refuses(): boolean {
    if (this.#readOnly) this.events.refusedInput();
    return this.#readOnly;
  }

  selectAll(): void {
    this.#terminal.selectAll();
  }

  clear(): void {
    this.#terminal.clear();
  }

  scrollTo(end: "top" | "bottom"): void {
    if (end === "top") this.#terminal.scrollToTop();
    else this.#terminal.scrollToBottom();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#abort.abort();
    this.#queue.dispose();
    if (this.#attributesTimer !== null) clearTimeout(this.#attributesTimer);
    if (this.#columnsTimer !== null) clearTimeout(this.#columnsTimer);
    if (this.#selectionTimer !== null) clearTimeout(this.#selectionTimer);
    this.endSearch();
    for (const disposable of this.#disposables.reverse()) disposable.dispose();
    this.element.remove();
  }

  #own<T extends IDisposable>(disposable: T): T {
    this.#disposables.push(disposable);
    return disposable;
  }

  #create(): Terminal {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const terminal = new Terminal({
      allowProposedApi: true,
      altClickMovesCursor: false,
      cols: FALLBACK_SIZE.cols,
      rows: FALLBACK_SIZE.rows,
      cursorBlink: false,
      fontFamily: TERMINAL_FONT_FAMILY,
      fontSize: this.options.fontSize,
      fontWeightBold: "700",
      lineHeight: 1,
      linkHandler: this.#linkHandler(),
      logLevel: "off",
      macOptionIsMeta: false,
      minimumContrastRatio: 4.5,
      rescaleOverlappingGlyphs: true,
      rightClickSelectsWord: this.options.mac,
      scrollback: DEFAULT_TERMINAL_PREFERENCES.scrollback,
      scrollOnUserInput: true,
      smoothScrollDuration: still ? 0 : 60,
      theme: terminalTheme(),
      windowOptions: {},
      wordSeparator: DEFAULT_TERMINAL_PREFERENCES.wordSeparators,
    });
    terminal.loadAddon(this.#fit);
    loadGraphemes(terminal);
    terminal.loadAddon(
      new WebLinksAddon((event, uri) => this.#activateLink(event, uri, uri), {
        hover: (_event, uri) => this.#showHint(uri, uri),
        leave: () => this.#hideHint(),
      }),
    );
    guardParser(terminal.parser, () => terminal, nextTurn);
    // Later handlers come first; the guard's would swallow it.
    terminal.parser.registerOscHandler(52, (data) => this.#farClipboard(data));
    return terminal;
  }

  #linkHandler(): ILinkHandler {
    return {
      activate: (event, uri, range) => this.#activateLink(event, uri, this.#textIn(range)),
      hover: (_event, uri, range) => this.#showHint(uri, this.#textIn(range)),
      leave: () => this.#hideHint(),
      allowNonHttpProtocols: false,
    };
  }

  #activateLink(event: MouseEvent, target: string, shown: string): void {
    if (!(this.options.mac ? event.metaKey : event.ctrlKey)) return;
    const link = checkLink(target, shown);
    if (link) this.events.openLink(link);
  }

  #textIn({ start, end }: IBufferRange): string {
    const parts: string[] = [];
    for (let row = start.y; row <= end.y; row += 1) {
      const line = this.#terminal.buffer.active.getLine(row - 1);
      const from = row === start.y ? start.x - 1 : 0;
      const to = row === end.y ? end.x : this.#terminal.cols;
      parts.push(line?.translateToString(false, from, to) ?? "");
    }
    return parts.join("").trim();
  }

  #showHint(target: string, shown: string): void {
    const link = checkLink(target, shown);
    if (!link) return;
    this.#hint.textContent = this.events.linkHint(link);
    this.#hint.hidden = false;
  }

  #hideHint(): void {
    this.#hint.hidden = true;
  }

  #listen(): void {
    const terminal = this.#terminal;
    this.#own(terminal.onData((data) => this.#data(data)));
    this.#own(
      terminal.onBinary((data) => {
        if (!this.#readOnly) this.#send(Uint8Array.from(data, (character) => character.charCodeAt(0)));
      }),
    );
    this.#own(terminal.onResize((size) => this.#resized(size)));
    this.#own(terminal.onTitleChange((title) => this.events.title(title.slice(0, TITLE_LIMIT))));
    this.#own(terminal.onBell(() => this.#bell()));
    this.#own(terminal.onSelectionChange(() => this.#selected()));
    this.#own(
      terminal.parser.registerOscHandler(9, (text) => {
        const progress = readProgress(text);
        if (progress === undefined) return false;
        this.events.progress(progress);
        return true;
      }),
    );
    terminal.attachCustomKeyEventHandler((event) => this.#key(event));

    const { signal } = this.#abort;
    // Every way in which a web view pastes or drops text ends here, before xterm.js hears of it. Middle click on Linux
    // is a paste event too.
    this.element.addEventListener(
      "paste",
      (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
        void this.paste(event.clipboardData?.getData("text/plain") ?? "");
      },
      { capture: true, signal },
    );
    this.element.addEventListener(
      "beforeinput",
      (event) => {
        if (!/^insertFrom(?:Paste|Drop|Yank)|^insertReplacementText/.test(event.inputType)) return;
        event.preventDefault();
        event.stopImmediatePropagation();
      },
      { capture: true, signal },
    );
    for (const name of ["drop", "dragover"] as const) {
      this.element.addEventListener(name, (event) => event.preventDefault(), { capture: true, signal });
    }
  }

  #farClipboard(data: string): boolean {
    const { clipboardWrite } = this.#preferences;
    const text = clipboardWrite === "deny" || !this.#accepting ? null : clipboardRequest(data);
    if (text !== null) this.events.farClipboard(text, clipboardWrite === "allow");
    return true;
  }

  #bell(): void {
    this.events.bell();
    if (!this.#visible || this.#preferences.bell === "none" || !this.#bells.take()) return;
    if (this.#preferences.bell === "sound") beep();
    else this.element.animate([{ opacity: 0.55 }, { opacity: 1 }], { duration: 180, easing: "ease-out" });
  }

  /** Copies what a person has selected, once they rest. */
  #selected(): void {
    if (this.#selectionTimer !== null) clearTimeout(this.#selectionTimer);
    this.#selectionTimer = null;
    // A search selects too.
    if (!this.#preferences.copyOnSelect || this.#search || !this.#terminal.hasSelection()) return;
    this.#selectionTimer = setTimeout(() => void this.copy().catch(() => undefined), SELECTION_MS);
  }

  #data(data: string): void {
    switch (classifyData(data)) {
      case "input": {
        if (this.#readOnly) return;
        const bytes = this.#encoder.encode(data);
        this.#send(bytes);
        if (this.#accepting && !isMouseReport(data)) this.events.typed(bytes);
        return;
      }
      case "reply":
        if (this.#accepting && this.#replies.take()) this.#send(this.#encoder.encode(data));
        return;
      case "forbidden":
        return;
    }
  }

  #send(bytes: Uint8Array): void {
    if (this.#accepting) this.events.input(bytes);
  }

  /** False keeps a key from xterm.js. */
  #key(event: KeyboardEvent): boolean {
    const press = keyPress(event);
    const down = event.type === "keydown";
    if (!this.#accepting) {
      // Scrolling and selecting still work; nothing typed here may reach a later session.
      if (event.shiftKey && /^(?:PageUp|PageDown)$/.test(event.key)) return true;
      if (
        down &&
        event.key === "Enter" &&
        !event.repeat &&
        performance.now() - this.#stoppedAt > ENDED_GRACE_MS
      ) {
        event.preventDefault();
        this.events.enterWhileEnded();
      } else if (isWebViewShortcut(press, this.options.mac)) {
        event.preventDefault();
      }
      return false;
    }
    if (this.#readOnly) {
      if (event.shiftKey && /^(?:PageUp|PageDown)$/.test(event.key)) return true;
      if (down && !event.repeat && !/^(?:Shift|Control|Alt|Meta|AltGraph|CapsLock)$/.test(event.key))
        this.events.refusedInput();
      if (isWebViewShortcut(press, this.options.mac) || event.key === "Tab") event.preventDefault();
      return false;
    }
    if (event.isComposing) return true;
    const control = controlCharacter(press);
    if (control !== null) {
      if (down) {
        event.preventDefault();
        this.#terminal.input(control, true);
      }
      return false;
    }
    // xterm.js encodes what it knows and cancels it; the rest must not reach the web view either.
    if (down && isWebViewShortcut(press, this.options.mac)) event.preventDefault();
    return true;
  }

  #parsed(piece: Uint8Array): void {
    this.#bytes += piece.length;
    this.#digest = crc32(piece, this.#digest);
    this.#attributesTimer ??= setTimeout(() => this.#writeAttributes(), ATTRIBUTES_MS);
    this.events.parsed(piece.length);
  }

  #writeAttributes(): void {
    if (this.#attributesTimer !== null) clearTimeout(this.#attributesTimer);
    this.#attributesTimer = null;
    const { dataset } = this.element;
    dataset["cols"] = String(this.#terminal.cols);
    dataset["rows"] = String(this.#terminal.rows);
    dataset["bytes"] = String(this.#bytes);
    dataset["digest"] = this.#digest.toString(16).padStart(8, "0");
  }

  #resized(size: Size): void {
    this.#writeAttributes();
    this.events.resized(size);
  }

  /** Rows change at once, which is cheap; columns wrap every line again, so they wait until dragging rests. */
  #layout(): void {
    if (!this.#opened || this.#disposed) return;
    const wanted = this.#wantedSize();
    if (!wanted) return;
    if (wanted.rows !== this.#terminal.rows) this.#terminal.resize(this.#terminal.cols, wanted.rows);
    if (this.#columnsTimer !== null) clearTimeout(this.#columnsTimer);
    this.#columnsTimer = null;
    if (wanted.cols === this.#terminal.cols) return;
    this.#columnsTimer = setTimeout(() => this.#fitNow(), COLUMNS_DEBOUNCE_MS);
  }

  #fitNow(): void {
    const wanted = this.#wantedSize();
    if (wanted) this.#terminal.resize(wanted.cols, wanted.rows);
  }

  /** Null while the terminal is out of sight. */
  #wantedSize(): Size | null {
    if (this.element.clientWidth === 0 || this.element.clientHeight === 0) return null;
    const wanted = this.#fit.proposeDimensions();
    if (!wanted || !Number.isFinite(wanted.cols) || !Number.isFinite(wanted.rows)) return null;
    return { cols: Math.min(wanted.cols, 1000), rows: Math.min(wanted.rows, 500) };
  }

  #applyRenderer(): void {
    if (!this.#opened) return;
    const { renderer } = this.#preferences;
    const wanted = renderer === "auto" ? this.options.renderer : renderer;
    this.#webgl.want(wanted === "webgl" && this.#visible, renderer === "webgl");
  }
}

/** The bundled font stands behind any other, for what that lacks. */
const fontFamily = (chosen: string | null): string =>
  chosen === null || chosen.trim() === ""
    ? TERMINAL_FONT_FAMILY
    : `"${chosen.replace(/["\\]/g, "")}", ${TERMINAL_FONT_FAMILY}`;

/** Marks of matches, from the same custom properties as the rest of the window. */
function searchColours(): SearchColours {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    match: colour("--terminal-search-match", "#806000"),
    current: colour("--terminal-search-current", "#b35c00"),
  };
}

let audio: AudioContext | null = null;

/** A short quiet tone, made here: the page loads no sounds. */
function beep(): void {
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.15);
  tone.frequency.value = 660;
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.15);
}
