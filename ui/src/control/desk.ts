/** What every part of the control shares: the host, the window's state, and how something is told to the person. */
import { type Host, toHostError } from "../host/host";
import { type AppState, INITIAL, type Toast } from "../model/appState";
import { pruned } from "../model/broadcast";
import { createStore, type Store } from "../model/store";
import type { Tabs } from "../model/tabs";
import { strings } from "../strings";

const TOAST_MS = 6_000;
/** What can be taken back stays long enough to notice and to reach. */
const ACTION_TOAST_MS = 12_000;

export class Desk {
  readonly store: Store<AppState>;
  #lastToast = 0;

  constructor(
    readonly host: Host,
    initial: Partial<AppState>,
  ) {
    this.store = createStore<AppState>({ ...INITIAL, ...initial });
  }

  get mac(): boolean {
    return this.store.state().info?.platform === "macos";
  }

  set(part: Partial<AppState>): void {
    this.store.update((state) => ({ ...state, ...part }));
  }

  changeTabs(change: (all: Tabs) => Tabs): void {
    this.store.update((state) => {
      const changed = change(state.tabs);
      if (changed === state.tabs) return state;
      return { ...state, tabs: changed, broadcast: pruned(changed, state.broadcast) };
    });
  }

  closeDialog(): void {
    this.set({ dialog: null });
  }

  announce(message: string): void {
    this.set({ announcement: message });
  }

  showError(reason: unknown): void {
    this.toast("error", toHostError(reason).message);
  }

  toast(
    tone: Toast["tone"],
    message: string,
    more: Pick<Toast, "action" | "dismissed"> & { readonly forMs?: number } = {},
  ): void {
    this.#lastToast += 1;
    const { forMs = more.action ? ACTION_TOAST_MS : TOAST_MS, ...answers } = more;
    const toast: Toast = { id: this.#lastToast, tone, message, ...answers };
    this.store.update((state) => ({
      ...state,
      toasts: [...state.toasts.filter((each) => each.message !== message), toast].slice(-3),
    }));
    // Errors stay until they are put away.
    if (tone === "plain") setTimeout(() => this.dismissToast(toast.id), forMs);
  }

  dismissToast(id: number): void {
    this.store.update((state) => ({ ...state, toasts: state.toasts.filter((toast) => toast.id !== id) }));
  }

  async copy(what: string, text: string): Promise<void> {
    try {
      await this.host.writeClipboard(text);
      this.toast("plain", strings.status.copied(what));
    } catch (reason) {
      this.showError(reason);
    }
  }

  /** Opens a page for the person, as a press asked for. */
  async openPage(url: string): Promise<void> {
    try {
      await this.host.openLink(url);
    } catch (reason) {
      this.showError(reason);
    }
  }
}
