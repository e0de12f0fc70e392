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
import { BroadcastControl } from "./broadcastControl";
import { CredentialControl } from "./credentialControl";
import { Desk } from "./desk";
import { DesktopControl } from "./desktopControl";
import { FirstSignInControl } from "./firstSignInControl";
import { ImportControl } from "./importControl";
import { LinkControl } from "./linkControl";
import { LayoutControl } from "./layoutControl";
import { KeysControl } from "./keysControl";
import { OrphanControl } from "./orphanControl";
import { PaletteControl } from "./paletteControl";
import { ProfileControl } from "./profileControl";
import { SettingsControl } from "./settingsControl";
import { RecordingControl } from "./recordingControl";
import { TabControl } from "./tabControl";
import { TerminalControl } from "./terminalControl";
import { WindowControl } from "./windowControl";
import { loadSettings } from "./windowSettings";

export class Controller {
  readonly desk: Desk;
  readonly broadcast: BroadcastControl;
  readonly credentials: CredentialControl;
  readonly desktop: DesktopControl;
  readonly firstSignIn: FirstSignInControl;
  readonly imports: ImportControl;
  readonly links: LinkControl;
  readonly layout: LayoutControl;
  readonly keys: KeysControl;
  readonly orphans: OrphanControl;
  readonly palette: PaletteControl;
  readonly profiles: ProfileControl;
  readonly settings: SettingsControl;
  readonly recordings: RecordingControl;
  readonly tabs: TabControl;
  readonly terminals: TerminalControl;
  readonly window: WindowControl;

  constructor(host: Host) {
    this.desk = new Desk(host, loadSettings());
    this.broadcast = new BroadcastControl(this.desk);
    this.credentials = new CredentialControl(this.desk);
    this.firstSignIn = new FirstSignInControl(this.desk, this.credentials);
    this.keys = new KeysControl(this.desk);
    this.orphans = new OrphanControl(this.desk);
    this.profiles = new ProfileControl(this.desk);
    this.terminals = new TerminalControl(this.desk);
    this.recordings = new RecordingControl(this.desk, this.terminals);
    this.terminals.opened = (id, attempt) => this.recordings.opened(id, attempt);
    this.tabs = new TabControl(this.desk, this.terminals);
    this.layout = new LayoutControl(this.desk, this.tabs);
    this.window = new WindowControl(this.desk, this.terminals);
    this.imports = new ImportControl(this.desk);
    this.links = new LinkControl(this.desk, this.tabs);
    this.desktop = new DesktopControl(this);
    this.palette = new PaletteControl(this);
    this.settings = new SettingsControl(this.desk, this.terminals, this.window);
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
      this.settings.load(),
      this.profiles.load(),
      this.profiles.hear(),
      this.credentials.load(),
      this.credentials.hear(),
      this.links.hear(),
      this.desktop.hear(),
    ]);
    await this.layout.start();
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
    const shown = tabs.activeTab(all);
    const front = shown?.content.kind === "panes" ? shown : undefined;
    const pane = tabs.focusedPane(front);
    const terminal = this.terminals.active();
    const done = this.terminals.panes.perform(action, pane?.id ?? null);
    if (done !== null) return done;
    switch (action.kind) {
      case "newTab":
        this.tabs.openStart();
        return true;
      case "closeTab":
        if (all.active !== null) this.tabs.closeFocused(all.active);
        return true;
      case "reopenTab":
        return this.tabs.reopen();
      case "searchTabs":
        if (all.list.length < 2) return false;
        this.desk.set({ dialog: { kind: "tabSearch" } });
        return true;
      case "renameTab":
        if (!front) return false;
        this.tabs.rename(front.id);
        return true;
      case "pinTab":
        if (!front) return false;
        this.tabs.togglePin(front.id);
        return true;
      case "closeOthers":
        if (front) this.tabs.closeOthers(front.id);
        return true;
      case "closeToRight":
        if (front) this.tabs.closeToRight(front.id);
        return true;
      case "splitPane":
        if (!front) return false;
        this.tabs.split(front.id, action.axis);
        return true;
      case "focusPane":
        return this.tabs.focusTowards(action.direction);
      case "zoomPane":
        if (!front || tabs.panesIn(front).length < 2) return false;
        this.tabs.toggleZoom(front.id);
        return true;
      case "resizePane":
        return front !== undefined && this.tabs.focusDivider(front.id);
      case "detachPane":
        if (!pane || tabs.panesIn(front).length < 2) return false;
        this.tabs.detachPane(pane.id);
        return true;
      case "startAll":
        this.tabs.startAll();
        return true;
      case "toggleBroadcast":
        return this.broadcast.toggle();
      case "duplicateTab":
        if (all.active !== null) this.tabs.duplicate(all.active);
        return true;
      case "restart":
        if (pane) this.tabs.restart(pane.id);
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
      case "toggleRecording":
        if (!pane) return false;
        void this.recordings.toggle(pane.id);
        return true;
      case "showRecordings":
        this.recordings.show();
        return true;
      case "fullScreen":
        void this.desktop.toggleFullScreen();
        return true;
      case "showSettings":
        this.settings.show();
        return true;
      case "showPalette":
        this.palette.show(">");
        return true;
      case "quickConnect":
        this.palette.show("");
        return true;
      case "focusRegion":
        this.window.focusRegion(action.by);
        return true;
      default:
        return false;
    }
  }
}
