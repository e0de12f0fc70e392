/**
 * Joins host, model and terminals: what a person does becomes commands and changes here. Each part has a class of its
 * own; this one makes them, starts them and shares out what keys ask for.
 */
import type { Host } from "../host/host";
import type { AppState } from "../model/appState";
import type { Action } from "../model/bindings";
import type { Store } from "../model/store";
import * as tabs from "../model/tabs";
import { rendererFor } from "../terminal/renderer";
import { CredentialControl } from "./credentialControl";
import { Desk } from "./desk";
import { OrphanControl } from "./orphanControl";
import { ProfileControl } from "./profileControl";
import { RecordingControl } from "./recordingControl";
import { TabControl } from "./tabControl";
import { TerminalControl } from "./terminalControl";
import { WindowControl } from "./windowControl";
import { loadSettings } from "./windowSettings";

export class Controller {
  readonly desk: Desk;
  readonly credentials: CredentialControl;
  readonly orphans: OrphanControl;
  readonly profiles: ProfileControl;
  readonly recordings: RecordingControl;
  readonly tabs: TabControl;
  readonly terminals: TerminalControl;
  readonly window: WindowControl;

  constructor(host: Host) {
    this.desk = new Desk(host, loadSettings());
    this.credentials = new CredentialControl(this.desk);
    this.orphans = new OrphanControl(this.desk);
    this.profiles = new ProfileControl(this.desk);
    this.recordings = new RecordingControl(this.desk);
    this.terminals = new TerminalControl(this.desk);
    this.tabs = new TabControl(this.desk, this.terminals);
    this.window = new WindowControl(this.desk, this.terminals);
  }

  get store(): Store<AppState> {
    return this.desk.store;
  }

  get mac(): boolean {
    return this.desk.mac;
  }

  async start(): Promise<void> {
    await Promise.all([
      this.#loadInfo(),
      this.profiles.load(),
      this.credentials.load(),
      this.credentials.hear(),
    ]);
    void this.orphans.find();
  }

  async #loadInfo(): Promise<void> {
    try {
      const info = await this.desk.host.appInfo();
      this.terminals.renderer = rendererFor(info.platform);
      this.desk.set({ info });
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  /** Does what a key asks for; false where it cannot be done now, so that the key goes to the shell. */
  perform(action: Action): boolean {
    const all = this.store.state().tabs;
    const terminal = this.terminals.active();
    switch (action.kind) {
      case "newTab":
        this.tabs.openStart();
        return true;
      case "closeTab":
        if (all.active !== null) this.tabs.close(all.active);
        return true;
      case "duplicateTab":
        if (all.active !== null) this.tabs.duplicate(all.active);
        return true;
      case "restart":
        if (all.active !== null) this.tabs.restart(all.active);
        return true;
      case "switchTab":
        this.desk.changeTabs((each) => tabs.activateBy(each, action.by));
        return true;
      case "goToTab": {
        const changed = tabs.activateNumber(all, action.number);
        // With a single tab there is nowhere to go: the key is the shell's (Ctrl+Shift+2 is NUL).
        if (!changed || all.list.length < 2) return false;
        this.desk.changeTabs(() => changed);
        return true;
      }
      case "moveTab":
        this.desk.changeTabs((each) =>
          each.active === null ? each : tabs.moveBy(each, each.active, action.by),
        );
        return true;
      case "copy":
        if (!terminal?.hasSelection) return false;
        terminal.copy().catch((reason: unknown) => this.desk.showError(reason));
        return true;
      case "paste":
        if (!terminal) return false;
        terminal.pasteFromClipboard().catch((reason: unknown) => this.desk.showError(reason));
        return true;
      case "selectAll":
        terminal?.selectAll();
        return terminal !== null;
      case "clear":
        terminal?.clear();
        return terminal !== null;
      case "scroll":
        terminal?.scrollTo(action.to);
        return terminal !== null;
      case "zoom":
        this.window.zoom(action.by);
        return true;
      case "toggleSidebar":
        this.window.toggleSidebar();
        return true;
      case "focusRegion":
        this.window.focusRegion(action.by);
        return true;
    }
  }
}
