/** What runs behind the panes: a terminal and a session each, and the questions that terminals ask. */
import type { Profile } from "../generated/Profile";
import type { SessionTimeline } from "../generated/SessionTimeline";
import { createStore, type Store } from "../model/store";
import * as tabs from "../model/tabs";
import { listeners } from "../model/broadcast";
import { isProduction } from "../model/profiles";
import type { PaneId } from "../model/layout";
import { strings } from "../strings";
import type { Link } from "../terminal/links";
import { OutputScheduler } from "../terminal/outputQueue";
import type { PasteReview } from "../terminal/paste";
import type { Renderer } from "../terminal/renderer";
import type { TerminalView } from "../terminal/terminalView";
import type { Desk } from "./desk";
import { claimFocus } from "./focusClaim";
import { redirectRestoredFocus } from "./focusRestore";
import { PaneControl } from "./paneControl";
import { TabRuntime } from "./tabRuntime";

/** A question that a terminal asks; the dialogs answer it. */
export type Question =
  | { readonly kind: "paste"; readonly review: PasteReview; readonly answer: (yes: boolean) => void }
  | { readonly kind: "link"; readonly link: Link; readonly answer: (yes: boolean) => void }
  | {
      readonly kind: "farClipboard";
      readonly name: string;
      readonly text: string;
      readonly answer: (yes: boolean) => void;
    };

export class TerminalControl {
  /** Questions wait in line; the first is shown. */
  readonly questions: Store<readonly Question[]> = createStore<readonly Question[]>([]);
  renderer: Renderer = "dom";
  /** Called when a session opens, also again. */
  opened: (id: PaneId, attempt: number) => void = () => undefined;
  readonly #runtimes = new Map<PaneId, TabRuntime>();
  readonly #scheduler = new OutputScheduler();

  readonly panes: PaneControl;
  #refusalTold = 0;

  constructor(private readonly desk: Desk) {
    this.panes = new PaneControl(
      desk,
      () => new Map([...this.#runtimes].map(([id, { terminal }]) => [id, terminal])),
      (name, text) => this.#ask((answer) => ({ kind: "farClipboard", name, text, answer })),
    );
  }

  /** Says why nothing happens, now and then while somebody types on. */
  #refused(): void {
    const now = performance.now();
    if (now - this.#refusalTold < 4_000 && this.#refusalTold > 0) return;
    this.#refusalTold = now;
    this.desk.toast("plain", strings.terminal.refused);
  }

  /** The runtime behind a session's pane, made when first asked for. */
  runtime(id: PaneId, profile: Profile): TabRuntime {
    const running = this.#runtimes.get(id);
    if (running) return running;
    const { desk } = this;
    const made = new TabRuntime(
      {
        host: desk.host,
        profile,
        scheduler: this.#scheduler,
        renderer: this.renderer,
        mac: desk.mac,
        fontSize: desk.store.state().fontSize,
      },
      {
        state: (attempt, state) => {
          desk.changeTabs((all) => tabs.sessionStateChanged(all, id, attempt, state));
          if (state.kind === "open") {
            desk.announce(strings.live.open(this.#nameOf(id)));
            this.opened(id, attempt);
          }
          if (state.kind === "waitingForSignIn")
            desk.announce(strings.live.waitingForSignIn(this.#nameOf(id), state.message));
          if (state.kind === "reconnecting" && state.attempt === 1)
            desk.announce(strings.live.reconnecting(this.#nameOf(id), state.cause));
          if (state.kind === "ended")
            desk.announce(strings.live.ended(this.#nameOf(id), state.ended.message));
        },
        failed: (attempt, message) => {
          desk.changeTabs((all) => tabs.sessionFailed(all, id, attempt, message));
          desk.announce(strings.live.ended(this.#nameOf(id), message));
        },
        notice: (attempt, message) => desk.changeTabs((all) => tabs.noticed(all, id, attempt, message)),
        silence: (attempt, silence) =>
          desk.changeTabs((all) => tabs.silenceChanged(all, id, attempt, silence)),
        paste: (progress) => desk.changeTabs((all) => tabs.pasteProgressed(all, id, progress)),
        title: (title) => desk.changeTabs((all) => tabs.titled(all, id, title)),
        size: (size) => desk.changeTabs((all) => tabs.resized(all, id, size)),
        output: () => desk.changeTabs((all) => tabs.outputArrived(all, id)),
        progress: (progress) => desk.changeTabs((all) => tabs.progressed(all, id, progress)),
        typed: (bytes) => {
          for (const other of this.#listeners(id)) this.#runtimes.get(other)?.type(bytes);
        },
        pasted: (text) => {
          for (const other of this.#listeners(id)) this.#runtimes.get(other)?.paste(text);
        },
        confirmLines: () => this.#listeners(id).length > 0 || this.#inProduction(id),
        bell: () => desk.changeTabs((all) => tabs.bellRang(all, id)),
        restart: () => desk.changeTabs((all) => tabs.restart(all, id)),
        confirmPaste: (review) => this.#ask((answer) => ({ kind: "paste", review, answer })),
        openLink: (link) => void this.openLink(link),
        farClipboard: (text, allowed) => void this.panes.farClipboard(id, text, allowed),
        refusedInput: () => this.#refused(),
        error: (message) => desk.toast("error", message),
      },
    );
    this.#runtimes.set(id, made);
    this.panes.prepare(made.terminal);
    return made;
  }

  #listeners(id: PaneId): readonly PaneId[] {
    const { tabs: all, broadcast } = this.desk.store.state();
    return listeners(all, broadcast, id);
  }

  #inProduction(id: PaneId): boolean {
    const pane = tabs.paneById(this.desk.store.state().tabs, id);
    return pane !== undefined && isProduction(pane.session.profile);
  }

  #nameOf(id: PaneId): string {
    return tabs.paneById(this.desk.store.state().tabs, id)?.session.profile.name ?? "";
  }

  /** Ends what runs behind a pane that has been closed. */
  dispose(id: PaneId): void {
    const runtime = this.#runtimes.get(id);
    this.#runtimes.delete(id);
    this.panes.forget(id);
    void runtime?.dispose();
  }

  cancel(id: PaneId): void {
    void this.#runtimes.get(id)?.cancel();
  }

  /** Tries at once what a session waits to try. */
  retry(id: PaneId): void {
    this.#runtimes
      .get(id)
      ?.retry()
      .catch((reason: unknown) => this.desk.showError(reason));
  }

  giveUp(id: PaneId): void {
    this.#runtimes
      .get(id)
      ?.giveUp()
      .catch((reason: unknown) => this.desk.showError(reason));
  }

  cancelPaste(id: PaneId): void {
    this.#runtimes.get(id)?.cancelPaste();
  }

  async timeline(id: PaneId): Promise<SessionTimeline> {
    return (await this.#runtimes.get(id)?.timeline()) ?? { entries: [], omitted: 0 };
  }

  terminalOf(id: PaneId): TerminalView | null {
    return this.#runtimes.get(id)?.terminal ?? null;
  }

  /** What the backend calls a pane's session; null where there is none. */
  hostSession(id: PaneId): string | null {
    return this.#runtimes.get(id)?.hostSession ?? null;
  }

  /** The terminal in front, where there is one. */
  active(): TerminalView | null {
    const pane = tabs.activePane(this.desk.store.state().tabs);
    return pane ? this.terminalOf(pane.id) : null;
  }

  /** Gives the keyboard back to the terminal once a dialog that was over it lets go of it. */
  reclaim(): void {
    const terminal = this.#takes();
    if (terminal) claimFocus(terminal);
  }

  /** A dialog is over the terminal; gives what to call when it has gone, which gives the keyboard to the terminal. */
  lend(): () => void {
    const end = redirectRestoredFocus(() => {
      const terminal = this.#takes();
      terminal?.focus();
      return terminal !== null;
    });
    return () => {
      end();
      this.reclaim();
    };
  }

  /** The terminal that takes the keyboard; under another dialog it goes back to that one by itself. */
  #takes(): TerminalView | null {
    return this.desk.store.state().dialog === null ? this.active() : null;
  }

  forEach(change: (terminal: TerminalView) => void): void {
    for (const { terminal } of this.#runtimes.values()) change(terminal);
  }

  #ask(make: (answer: (yes: boolean) => void) => Question): Promise<boolean> {
    return new Promise((resolve) => {
      const question = make((yes) => {
        this.questions.update((all) => all.filter((each) => each !== question));
        resolve(yes);
        this.active()?.focus();
      });
      this.questions.update((all) => [...all, question]);
    });
  }

  async openLink(link: Link): Promise<void> {
    if (link.deceptive && !(await this.#ask((answer) => ({ kind: "link", link, answer })))) return;
    await this.desk.openPage(link.url);
  }
}
