/** What is switched on in single panes, search and the read-only lock, and what all terminals have been told to be. */
import type { ITheme } from "@xterm/xterm";

import type { Action } from "../model/bindings";
import { createStore, type Store } from "../model/store";
import { sessionOf, tabById, type TabId } from "../model/tabs";
import { strings } from "../strings";
import { DEFAULT_TERMINAL_PREFERENCES, type TerminalPreferences } from "../terminal/preferences";
import { overBudget } from "../terminal/scrollbackBudget";
import type { ScreenLink } from "../terminal/screenLinks";
import type { TerminalView } from "../terminal/terminalView";
import type { Desk } from "./desk";

/** What is laid over one pane. */
export interface PaneState {
  readonly searching: boolean;
  readonly readOnly: boolean;
  /** The buffer as plain text, while somebody reads it so. */
  readonly reading: string | null;
  /** Links to choose from. */
  readonly links: readonly ScreenLink[] | null;
}

const PLAIN: PaneState = { searching: false, readOnly: false, reading: null, links: null };
const BUDGET_MS = 5_000;
/** As much as somebody reads line by line. */
const READ_ROWS = 1_000;

export class PaneControl {
  readonly panes: Store<ReadonlyMap<TabId, PaneState>> = createStore<ReadonlyMap<TabId, PaneState>>(
    new Map(),
  );
  #preferences: TerminalPreferences = DEFAULT_TERMINAL_PREFERENCES;
  #theme: ITheme | null = null;
  /** What people said of the clipboard, by connection, for as long as the application runs. */
  readonly #clipboard = new Map<string, boolean>();
  readonly #askedClipboard = new Set<string>();

  constructor(
    private readonly desk: Desk,
    private readonly terminals: () => ReadonlyMap<TabId, TerminalView>,
    private readonly ask: (name: string, text: string) => Promise<boolean>,
  ) {
    setInterval(() => this.keepBudget(), BUDGET_MS);
  }

  of(id: TabId): PaneState {
    return this.panes.state().get(id) ?? PLAIN;
  }

  change(id: TabId, part: Partial<PaneState>): void {
    this.panes.update((all) => new Map(all).set(id, { ...(all.get(id) ?? PLAIN), ...part }));
  }

  forget(id: TabId): void {
    this.panes.update((all) => new Map([...all].filter(([each]) => each !== id)));
  }

  /** For terminals that are there and those to come; the text size is the window's own. */
  setPreferences(preferences: TerminalPreferences): void {
    this.#preferences = preferences;
    for (const terminal of this.terminals().values()) this.prepare(terminal);
    this.keepBudget();
  }

  setTheme(theme: ITheme | null): void {
    this.#theme = theme;
    for (const terminal of this.terminals().values()) terminal.setTheme(theme);
  }

  get preferences(): TerminalPreferences {
    return this.#preferences;
  }

  prepare(terminal: TerminalView): void {
    terminal.setPreferences({ ...this.#preferences, fontSize: this.desk.store.state().fontSize });
    if (this.#theme) terminal.setTheme(this.#theme);
  }

  /** Shortens the scrollback of what has been out of sight the longest, where all together is too much. */
  keepBudget(): void {
    const terminals = this.terminals();
    const uses = [...terminals].map(([id, terminal]) => terminal.scrollbackUse(id));
    for (const [id, lines] of overBudget(uses, this.#preferences.scrollbackBudgetMb * 1024 * 1024))
      terminals.get(id)?.trimScrollback(lines);
  }

  /** What the far end wants on the clipboard goes there once a person has said so for its connection. */
  async farClipboard(id: TabId, text: string, allowed: boolean): Promise<void> {
    const profile = sessionOf(tabById(this.desk.store.state().tabs, id))?.profile;
    if (!profile) return;
    let may = allowed || this.#clipboard.get(profile.id);
    if (may === undefined) {
      if (this.#askedClipboard.has(profile.id)) return;
      this.#askedClipboard.add(profile.id);
      may = await this.ask(profile.name, text);
      this.#askedClipboard.delete(profile.id);
      this.#clipboard.set(profile.id, may);
    }
    if (!may) return;
    try {
      await this.desk.host.writeClipboard(text);
      this.desk.toast("plain", strings.terminal.farCopied(Array.from(text).length, profile.name));
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  /** Does what is asked of the terminal in front; null where it is none of these. */
  perform(action: Action, id: TabId | null): boolean | null {
    const terminal = id === null ? undefined : this.terminals().get(id);
    switch (action.kind) {
      case "find":
        if (id === null || !terminal) return false;
        this.change(id, { searching: true });
        return true;
      case "toggleReadOnly": {
        if (id === null || !terminal) return false;
        const readOnly = !terminal.readOnly;
        terminal.setReadOnly(readOnly);
        this.change(id, { readOnly });
        this.desk.announce(readOnly ? strings.terminal.locked : strings.terminal.unlocked);
        return true;
      }
      case "prompt":
        return terminal?.scrollToPrompt(action.by) ?? false;
      case "readText":
        if (id === null || !terminal) return false;
        this.change(id, { reading: terminal.text(READ_ROWS) });
        return true;
      case "links":
        if (id === null || !terminal) return false;
        this.change(id, { links: terminal.links() });
        return true;
      case "saveText":
        if (id === null || !terminal) return false;
        void this.#save(id, terminal.text());
        return true;
      case "copyAll":
        if (!terminal) return false;
        void this.desk.copy(strings.terminal.scrollback, terminal.text());
        return true;
      case "resetTerminal":
        terminal?.reset();
        return terminal !== undefined;
      default:
        return null;
    }
  }

  async #save(id: TabId, text: string): Promise<void> {
    const name = sessionOf(tabById(this.desk.store.state().tabs, id))?.profile.name ?? "";
    try {
      const file = await this.desk.host.saveText(name, text);
      this.desk.toast("plain", strings.terminal.saved(file));
    } catch (reason) {
      this.desk.showError(reason);
    }
  }
}
