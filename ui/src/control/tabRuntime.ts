/**
 * What runs behind one tab: its terminal and its session with the backend. It outlives React's views and keeps the
 * scrollback when a session is started again.
 */
import type { SessionEvent } from "../generated/SessionEvent";
import { decodeBase64 } from "../host/base64";
import { type Host, toHostError, type Unlisten } from "../host/host";
import { assertNever } from "../model/assertNever";
import type { Profile } from "../generated/Profile";
import type { SessionState } from "../generated/SessionState";
import type { Progress } from "../model/tabs";
import type { SessionTimeline } from "../generated/SessionTimeline";
import type { Silence } from "../generated/Silence";
import { strings } from "../strings";
import { InputQueue, type PasteProgress } from "../terminal/inputQueue";
import type { Link } from "../terminal/links";
import { CreditLedger, type OutputScheduler } from "../terminal/outputQueue";
import type { PasteReview } from "../terminal/paste";
import type { Renderer } from "../terminal/renderer";
import { type Size, TerminalView } from "../terminal/terminalView";

/** What a tab's runtime tells its owner. */
export interface TabRuntimeEvents {
  state(attempt: number, state: SessionState): void;
  failed(attempt: number, message: string): void;
  notice(attempt: number, message: string): void;
  silence(attempt: number, silence: Silence | null): void;
  paste(progress: PasteProgress | null): void;
  title(title: string): void;
  size(size: Size): void;
  output(): void;
  /** What a program says of its progress; null: nothing any more. */
  progress(progress: Progress | null): void;
  /** A person typed this; others may be to hear it. */
  typed(bytes: Uint8Array): void;
  /** A person pasted this. */
  pasted(text: string): void;
  /** Whether a paste of several lines is asked about in any case. */
  confirmLines(): boolean;
  bell(): void;
  restart(): void;
  confirmPaste(review: PasteReview): Promise<boolean>;
  openLink(link: Link): void;
  farClipboard(text: string, allowed: boolean): void;
  refusedInput(): void;
  /** A command failed that has no place of its own to show it. */
  error(message: string): void;
}

export interface TabRuntimeOptions {
  readonly host: Host;
  readonly profile: Profile;
  readonly scheduler: OutputScheduler;
  readonly renderer: Renderer;
  readonly mac: boolean;
  readonly fontSize: number;
}

/** Sizes reach the far end at most this often. */
const RESIZE_INTERVAL_MS = 60;

/** One session with the backend, from the first command to the last. */
class Connection {
  readonly input: InputQueue;
  readonly credit: CreditLedger;
  id: string | null = null;
  unlisten: Unlisten | null = null;
  over = false;
  readonly #host: Host;
  #size: Size | null = null;
  #resizeTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(host: Host, error: (message: string) => void, paste: (progress: PasteProgress | null) => void) {
    this.#host = host;
    const command = (run: (id: string) => Promise<void>): Promise<void> =>
      this.id === null || this.over ? Promise.resolve() : run(this.id);
    this.input = new InputQueue(
      (bytes, epoch) => command((id) => host.sendInput(id, bytes, epoch)),
      (interrupt) => command((id) => host.interruptSession(id, interrupt)),
      (reason) => {
        if (!this.over) error(toHostError(reason).message);
      },
      (progress) => {
        if (!this.over) paste(progress);
      },
    );
    this.credit = new CreditLedger((bytes) => {
      // A session that is just gone needs no credit.
      command((id) => host.grantCredit(id, bytes)).catch(() => undefined);
    });
  }

  resize(size: Size): void {
    this.#size = size;
    this.#resizeTimer ??= setTimeout(() => {
      this.#resizeTimer = null;
      if (this.id !== null && !this.over && this.#size) {
        this.#host.resizeSession(this.id, this.#size).catch(() => undefined);
      }
    }, RESIZE_INTERVAL_MS);
  }

  /** Ends everything on this side. */
  finish(): void {
    this.over = true;
    this.input.dispose();
    if (this.#resizeTimer !== null) clearTimeout(this.#resizeTimer);
  }

  /** Stops listening, once the last output has been taken. */
  forget(): void {
    this.finish();
    this.credit.dispose();
    this.unlisten?.();
    this.unlisten = null;
  }
}

export class TabRuntime {
  readonly terminal: TerminalView;
  #connection: Connection | null = null;
  #attempt = 0;
  /** When the last session ended, for people. */
  #endedAt = "";
  #disposed = false;

  constructor(
    private readonly options: TabRuntimeOptions,
    private readonly events: TabRuntimeEvents,
  ) {
    const { host, profile, mac } = options;
    this.terminal = new TerminalView(
      {
        label: strings.session.terminal(profile.name),
        fontSize: options.fontSize,
        renderer: options.renderer,
        mac,
        scheduler: options.scheduler,
      },
      {
        input: (bytes) => this.#connection?.input.type(bytes),
        typed: (bytes) => events.typed(bytes),
        paste: (paste) => this.#connection?.input.paste(paste),
        pasted: (text) => events.pasted(text),
        confirmLines: () => events.confirmLines(),
        progress: (progress) => events.progress(progress),
        confirmPaste: (review) => events.confirmPaste(review),
        resized: (size) => {
          events.size(size);
          this.#connection?.resize(size);
        },
        parsed: (bytes) => {
          this.#connection?.credit.add(bytes);
          events.output();
        },
        title: (title) => events.title(title),
        bell: () => events.bell(),
        openLink: (link) => events.openLink(link),
        enterWhileEnded: () => events.restart(),
        linkHint: (link) => strings.session.linkHint(link.host, mac),
        readClipboard: () => host.readClipboard(),
        writeClipboard: (text) => host.writeClipboard(text),
        farClipboard: (text, allowed) => events.farClipboard(text, allowed),
        refusedInput: () => events.refusedInput(),
      },
    );
    this.terminal.setState("connecting");
  }

  /** Takes what was typed into another pane. */
  type(bytes: Uint8Array): void {
    this.terminal.take(bytes);
  }

  /** Takes what was pasted into another pane, and agreed to there. */
  paste(text: string): void {
    this.terminal.takePaste(text);
  }

  /** Puts the terminal into its place; the session begins once the terminal has its size. */
  async show(container: HTMLElement, attempt: number): Promise<void> {
    const size = await this.terminal.open(container);
    if (this.#disposed) return;
    this.events.size(size);
    await this.start(attempt);
  }

  /** Begins a session; does nothing where this attempt has begun already. */
  /** What the backend calls the present session; null where there is none. */
  get hostSession(): string | null {
    return this.#connection?.id ?? null;
  }

  async start(attempt: number): Promise<void> {
    if (attempt <= this.#attempt || this.#disposed) return;
    const again = this.#attempt > 0;
    this.#attempt = attempt;
    const before = this.#connection;
    before?.forget();
    if (before?.id) void this.#close(before.id);
    const { host, profile } = this.options;
    const connection = new Connection(
      host,
      (message) => this.events.error(message),
      (progress) => this.events.paste(progress),
    );
    this.#connection = connection;
    this.terminal.setState("connecting");
    try {
      if (again) {
        await this.terminal.drained();
        await this.terminal.drawBoundary(strings.session.endedRule(this.#endedAt));
        this.terminal.resetCounters();
      }
      const opened = await host.openSession(profile.id, this.terminal.size, before?.id ?? null);
      if (connection.over) {
        // Cancelled meanwhile.
        await host.closeSession(opened.id);
        return;
      }
      connection.id = opened.id;
      connection.unlisten = await host.listenSession(opened.event, (event) =>
        this.#heard(connection, attempt, event),
      );
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it changes while something is awaited
      if (connection.over) {
        connection.forget();
        return;
      }
      await host.attachSession(opened.id);
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it changes while something is awaited
      if (!connection.over) this.terminal.setAccepting(true);
    } catch (reason) {
      if (connection.over) return;
      this.#ended(connection);
      this.events.failed(attempt, toHostError(reason).message);
    }
  }

  /** Ends the session and keeps what is on the screen. */
  async cancel(): Promise<void> {
    const connection = this.#connection;
    if (!connection || connection.over) return;
    const { id } = connection;
    const attempt = this.#attempt;
    this.#ended(connection);
    connection.forget();
    this.events.state(attempt, {
      kind: "ended",
      ended: {
        cause: "closed",
        by: "me",
        message: strings.session.cancelled,
        remedy: null,
        detail: null,
        exitCode: null,
      },
    });
    if (id !== null) await this.#close(id);
  }

  /** Tries to reconnect at once. */
  async retry(): Promise<void> {
    const id = this.#connection?.id ?? null;
    if (id !== null) await this.options.host.retrySession(id);
  }

  /** Ends a session that is being reconnected. */
  async giveUp(): Promise<void> {
    const id = this.#connection?.id ?? null;
    if (id !== null) await this.options.host.giveUpSession(id);
  }

  /** Gives up what is left of a paste. */
  cancelPaste(): void {
    this.#connection?.input.cancelPaste();
  }

  /** What happened to the session, as far as the backend still knows. */
  async timeline(): Promise<SessionTimeline> {
    const id = this.#connection?.id ?? null;
    return id === null ? { entries: [], omitted: 0 } : await this.options.host.sessionTimeline(id);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    const connection = this.#connection;
    const id = connection?.id ?? null;
    connection?.forget();
    this.terminal.dispose();
    // An ended session is closed too: it tells the backend that nobody looks at it any more.
    if (id !== null) await this.#close(id);
  }

  async #close(id: string): Promise<void> {
    try {
      await this.options.host.closeSession(id);
    } catch (reason) {
      const error = toHostError(reason);
      if (error.code !== "unknownSession") this.events.error(error.message);
    }
  }

  #heard(connection: Connection, attempt: number, event: SessionEvent): void {
    switch (event.kind) {
      case "output":
        this.terminal.write(decodeBase64(event.data));
        return;
      case "state":
        if (event.state.kind === "ended") this.#ended(connection);
        else if (!connection.over) this.terminal.setState(event.state.kind);
        this.events.state(attempt, event.state);
        return;
      case "notice":
        this.events.notice(attempt, event.message);
        return;
      case "silence":
        this.events.silence(attempt, event.silence);
        return;
      default:
        assertNever(event);
    }
  }

  #ended(connection: Connection): void {
    connection.finish();
    this.#endedAt = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    this.terminal.setAccepting(false);
    this.terminal.setState("ended");
  }
}
