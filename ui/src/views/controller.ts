/** Joins host, model and terminals: the one place where something that a person does becomes commands and changes. */
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { SessionTimeline } from "../generated/SessionTimeline";
import type { Caller } from "../generated/Caller";
import type { Question as StandingQuestion } from "../generated/Question";
import { type Host, toHostError } from "../host/host";
import {
  type AppState,
  clamp,
  FONT,
  INITIAL,
  profileList,
  SIDEBAR,
  type Toast,
  withoutProfile,
  withProfile,
} from "../model/appState";
import type { Action } from "../model/bindings";
import { createStore, type Store } from "../model/store";
import * as tabs from "../model/tabs";
import { sessionOf, type TabId, type Tabs } from "../model/tabs";
import { strings } from "../strings";
import type { Link } from "../terminal/links";
import { OutputScheduler } from "../terminal/outputQueue";
import type { PasteReview } from "../terminal/paste";
import { type Renderer, rendererFor } from "../terminal/renderer";
import { claimFocus } from "./focusClaim";
import { loadSettings, saveSettings } from "./settings";
import { TabRuntime } from "./tabRuntime";

const TOAST_MS = 6_000;

/** A question that a terminal asks; the dialogs answer it. */
export type Question =
  | { readonly kind: "paste"; readonly review: PasteReview; readonly answer: (yes: boolean) => void }
  | { readonly kind: "link"; readonly link: Link; readonly answer: (yes: boolean) => void };

export class Controller {
  readonly store: Store<AppState>;
  /** Questions wait in line; the first is shown. */
  readonly questions: Store<readonly Question[]> = createStore<readonly Question[]>([]);
  readonly #runtimes = new Map<TabId, TabRuntime>();
  readonly #scheduler = new OutputScheduler();
  #renderer: Renderer = "dom";
  #lastTab = 0;
  #lastToast = 0;
  #lastAwsLoad = 0;
  #questionsHeard = false;
  /** The latest sign-in of each label; what became of earlier ones is no news. */
  readonly #signIns = new Map<string, symbol>();

  constructor(readonly host: Host) {
    this.store = createStore<AppState>({ ...INITIAL, ...loadSettings() });
    this.store.subscribe(() => {
      const { sidebar, fontSize } = this.store.state();
      saveSettings({ sidebar, fontSize });
    });
  }

  get mac(): boolean {
    return this.store.state().info?.platform === "macos";
  }

  async start(): Promise<void> {
    await Promise.all([this.#loadInfo(), this.loadProfiles(), this.#loadAws(), this.#hearCredentials()]);
    void this.#findOrphans();
  }

  /** Asks the service, which may take its time; nothing waits for it. */
  async #findOrphans(): Promise<void> {
    try {
      this.#set({ orphans: await this.host.findOrphans() });
    } catch (reason) {
      this.showError(reason);
    }
  }

  async endOrphans(): Promise<void> {
    const { orphans } = this.store.state();
    this.#set({ orphans: [] });
    try {
      await this.host.endOrphans();
      this.toast("plain", strings.orphans.ended(orphans.length));
    } catch (reason) {
      this.showError(reason);
      void this.#findOrphans();
    }
  }

  async leaveOrphans(): Promise<void> {
    this.#set({ orphans: [] });
    try {
      await this.host.leaveOrphans();
    } catch (reason) {
      this.showError(reason);
    }
  }

  async #loadInfo(): Promise<void> {
    try {
      const info = await this.host.appInfo();
      this.#renderer = rendererFor(info.platform);
      this.#set({ info });
    } catch (reason) {
      this.showError(reason);
    }
  }

  async #loadAws(): Promise<void> {
    this.#lastAwsLoad += 1;
    const load = this.#lastAwsLoad;
    try {
      const aws = await this.host.awsSetup();
      if (load === this.#lastAwsLoad) this.#set({ aws });
    } catch (reason) {
      // The form takes free text, so the choices are a comfort only.
      this.showError(reason);
    }
  }

  /** For as long as the window is there. */
  async #hearCredentials(): Promise<void> {
    try {
      await this.host.listenAwsSetup(() => void this.#loadAws());
      await this.host.listenQuestions((questions) => {
        this.#questionsHeard = true;
        this.#questionsChanged(questions);
      });
      const questions = await this.host.openQuestions();
      // What has been heard meanwhile is newer.
      if (!this.#questionsHeard) this.#questionsChanged(questions);
    } catch (reason) {
      this.showError(reason);
    }
  }

  #questionsChanged(questions: readonly StandingQuestion[]): void {
    const before = this.store.state().questions;
    this.#set({ questions });
    const stands = (id: number) => questions.some((each) => each.id === id);
    // What an answer brought, such as a sign-in, changes what there is to choose from.
    if (before.some(({ id }) => !stands(id))) void this.#loadAws();
  }

  async loadProfiles(): Promise<void> {
    this.#set({ profiles: { kind: "loading" } });
    try {
      const { profiles, notices } = await this.host.listProfiles();
      this.#set({ profiles: { kind: "ready", list: profiles }, storeNotices: notices });
    } catch (reason) {
      this.#set({ profiles: { kind: "failed", message: toHostError(reason).message } });
    }
  }

  // Profiles.

  editProfile(profile: Profile | null): void {
    this.#set({ dialog: { kind: "profileForm", profile } });
  }

  askToDelete(profile: Profile): void {
    this.#set({ dialog: { kind: "deleteProfile", profile } });
  }

  closeDialog(): void {
    this.#set({ dialog: null });
  }

  /** Rejects with the host's error, which the form shows. */
  async saveProfile(id: string | null, draft: ProfileDraft): Promise<Profile> {
    const saved = await this.host.saveProfile(id, draft);
    this.store.update((state) => ({
      ...state,
      profiles: withProfile(state.profiles, saved),
      tabs: tabs.profileSaved(state.tabs, saved),
    }));
    return saved;
  }

  async duplicateProfile(profile: Profile): Promise<void> {
    try {
      await this.host.duplicateProfile(profile.id);
      const { profiles } = await this.host.listProfiles();
      this.#set({ profiles: { kind: "ready", list: profiles } });
    } catch (reason) {
      this.showError(reason);
    }
  }

  async deleteProfile(profile: Profile): Promise<void> {
    this.closeDialog();
    try {
      await this.host.deleteProfile(profile.id);
      this.store.update((state) => ({ ...state, profiles: withoutProfile(state.profiles, profile.id) }));
      this.toast("plain", strings.toast.deleted(profile.name));
    } catch (reason) {
      this.showError(reason);
    }
  }

  dismissNotice(id: TabId, notice: string): void {
    this.changeTabs((all) => tabs.dismissNotice(all, id, notice));
  }

  dismissStoreNotice(index: number): void {
    this.store.update((state) => ({ ...state, storeNotices: state.storeNotices.toSpliced(index, 1) }));
  }

  // Credentials.

  showAws(): void {
    this.#set({ dialog: { kind: "aws" } });
  }

  /** Says what went wrong where no question stands that would say it. */
  async signIn(label: string, withCode: boolean): Promise<void> {
    const mine = Symbol(label);
    this.#signIns.set(label, mine);
    try {
      await this.host.signIn(label, withCode);
    } catch (reason) {
      if (this.#signIns.get(label) !== mine) return;
      const standing = await this.host.openQuestions().catch(() => []);
      const told = standing.some(
        ({ about, problem }) => about.kind === "signIn" && about.session === label && problem !== null,
      );
      if (!told) this.showError(reason);
    } finally {
      if (this.#signIns.get(label) === mine) this.#signIns.delete(label);
    }
  }

  async signOut(label: string): Promise<void> {
    try {
      await this.host.signOut(label);
    } catch (reason) {
      this.showError(reason);
    }
    await this.#loadAws();
  }

  cancelQuestion({ id, about }: StandingQuestion): void {
    // Whoever cancels knows that nothing came of it.
    if (about.kind === "signIn") this.#signIns.delete(about.session);
    this.host.cancelQuestion(id).catch((reason: unknown) => this.showError(reason));
  }

  /** Rejects with the host's error; the question mostly tells it too. */
  answerMfa(id: number, code: string): Promise<void> {
    return this.host.answerMfa(id, code);
  }

  whoAmI(profile: Profile): Promise<Caller> {
    return this.host.whoAmI(profile.id);
  }

  /** Opens a page for the person, as a press asked for. */
  async openPage(url: string): Promise<void> {
    try {
      await this.host.openLink(url);
    } catch (reason) {
      this.showError(reason);
    }
  }

  // Tabs.

  openProfile(profile: Profile): void {
    this.changeTabs((all) => tabs.openSession(all, this.#newTabId(), profile));
  }

  openStart(): void {
    this.changeTabs((all) => tabs.openStart(all, this.#newTabId()));
  }

  duplicateTab(id: TabId): void {
    const session = sessionOf(tabs.tabById(this.store.state().tabs, id));
    if (!session) return;
    const profile =
      profileList(this.store.state()).find((each) => each.id === session.profile.id) ?? session.profile;
    this.changeTabs((all) => tabs.openSession(all, this.#newTabId(), profile, id));
  }

  closeTab(id: TabId): void {
    this.changeTabs((all) => tabs.close(all, id));
    const runtime = this.#runtimes.get(id);
    this.#runtimes.delete(id);
    void runtime?.dispose();
  }

  closeOtherTabs(id: TabId): void {
    for (const tab of this.store.state().tabs.list) if (tab.id !== id) this.closeTab(tab.id);
  }

  restart(id: TabId): void {
    this.changeTabs((all) => tabs.restart(all, id));
  }

  cancel(id: TabId): void {
    void this.#runtimes.get(id)?.cancel();
  }

  /** Tries at once what a session waits to try. */
  retry(id: TabId): void {
    this.#runtimes
      .get(id)
      ?.retry()
      .catch((reason: unknown) => this.showError(reason));
  }

  giveUp(id: TabId): void {
    this.#runtimes
      .get(id)
      ?.giveUp()
      .catch((reason: unknown) => this.showError(reason));
  }

  cancelPaste(id: TabId): void {
    this.#runtimes.get(id)?.cancelPaste();
  }

  async timeline(id: TabId): Promise<SessionTimeline> {
    return (await this.#runtimes.get(id)?.timeline()) ?? { entries: [], omitted: 0 };
  }

  changeTabs(change: (all: Tabs) => Tabs): void {
    this.store.update((state) => {
      const changed = change(state.tabs);
      return changed === state.tabs ? state : { ...state, tabs: changed };
    });
  }

  #newTabId(): TabId {
    this.#lastTab += 1;
    return `tab-${this.#lastTab}`;
  }

  /** The runtime behind a session's tab, made when first asked for. */
  runtime(id: TabId, profile: Profile): TabRuntime {
    const running = this.#runtimes.get(id);
    if (running) return running;
    const made = new TabRuntime(
      {
        host: this.host,
        profile,
        scheduler: this.#scheduler,
        renderer: this.#renderer,
        mac: this.mac,
        fontSize: this.store.state().fontSize,
      },
      {
        state: (attempt, state) => {
          this.changeTabs((all) => tabs.sessionStateChanged(all, id, attempt, state));
          if (state.kind === "open") this.announce(strings.live.open(this.#nameOf(id)));
          if (state.kind === "waitingForSignIn")
            this.announce(strings.live.waitingForSignIn(this.#nameOf(id), state.message));
          if (state.kind === "reconnecting" && state.attempt === 1)
            this.announce(strings.live.reconnecting(this.#nameOf(id), state.cause));
          if (state.kind === "ended")
            this.announce(strings.live.ended(this.#nameOf(id), state.ended.message));
        },
        failed: (attempt, message) => {
          this.changeTabs((all) => tabs.sessionFailed(all, id, attempt, message));
          this.announce(strings.live.ended(this.#nameOf(id), message));
        },
        notice: (attempt, message) => this.changeTabs((all) => tabs.noticed(all, id, attempt, message)),
        silence: (attempt, silence) =>
          this.changeTabs((all) => tabs.silenceChanged(all, id, attempt, silence)),
        paste: (progress) => this.changeTabs((all) => tabs.pasteProgressed(all, id, progress)),
        title: (title) => this.changeTabs((all) => tabs.titled(all, id, title)),
        size: (size) => this.changeTabs((all) => tabs.resized(all, id, size)),
        output: () => this.changeTabs((all) => tabs.outputArrived(all, id)),
        bell: () => this.changeTabs((all) => tabs.bellRang(all, id)),
        restart: () => this.restart(id),
        confirmPaste: (review) => this.#ask((answer) => ({ kind: "paste", review, answer })),
        openLink: (link) => void this.#openLink(link),
        error: (message) => this.toast("error", message),
      },
    );
    this.#runtimes.set(id, made);
    return made;
  }

  #nameOf(id: TabId): string {
    return sessionOf(tabs.tabById(this.store.state().tabs, id))?.profile.name ?? "";
  }

  #activeRuntime(): TabRuntime | null {
    const { active } = this.store.state().tabs;
    return active === null ? null : (this.#runtimes.get(active) ?? null);
  }

  terminalOf(id: TabId): TabRuntime["terminal"] | null {
    return this.#runtimes.get(id)?.terminal ?? null;
  }

  focusTerminal(): void {
    this.#activeRuntime()?.terminal.focus();
  }

  /** Gives the keyboard back to the terminal once a dialog that was over it lets go of it. */
  reclaimTerminal(): void {
    const runtime = this.#activeRuntime();
    if (runtime) claimFocus(runtime.terminal);
  }

  refreshThemes(): void {
    for (const { terminal } of this.#runtimes.values()) terminal.refreshTheme();
  }

  // Questions, links, messages.

  #ask(make: (answer: (yes: boolean) => void) => Question): Promise<boolean> {
    return new Promise((resolve) => {
      const question = make((yes) => {
        this.questions.update((all) => all.filter((each) => each !== question));
        resolve(yes);
        this.focusTerminal();
      });
      this.questions.update((all) => [...all, question]);
    });
  }

  async #openLink(link: Link): Promise<void> {
    if (link.deceptive && !(await this.#ask((answer) => ({ kind: "link", link, answer })))) return;
    try {
      await this.host.openLink(link.url);
    } catch (reason) {
      this.showError(reason);
    }
  }

  async copy(what: string, text: string): Promise<void> {
    try {
      await this.host.writeClipboard(text);
      this.toast("plain", strings.status.copied(what));
    } catch (reason) {
      this.showError(reason);
    }
  }

  announce(message: string): void {
    this.#set({ announcement: message });
  }

  showError(reason: unknown): void {
    this.toast("error", toHostError(reason).message);
  }

  toast(tone: Toast["tone"], message: string): void {
    this.#lastToast += 1;
    const toast: Toast = { id: this.#lastToast, tone, message };
    this.store.update((state) => ({
      ...state,
      toasts: [...state.toasts.filter((each) => each.message !== message), toast].slice(-3),
    }));
    // Errors stay until they are put away.
    if (tone === "plain") setTimeout(() => this.dismissToast(toast.id), TOAST_MS);
  }

  dismissToast(id: number): void {
    this.store.update((state) => ({ ...state, toasts: state.toasts.filter((toast) => toast.id !== id) }));
  }

  // The window.

  toggleSidebar(): void {
    this.store.update((state) => ({ ...state, sidebar: { ...state.sidebar, open: !state.sidebar.open } }));
  }

  setSidebarWidth(width: number): void {
    this.store.update((state) => ({ ...state, sidebar: { ...state.sidebar, width: clamp(width, SIDEBAR) } }));
  }

  zoom(by: 1 | -1 | 0): void {
    const fontSize = by === 0 ? FONT.usual : clamp(this.store.state().fontSize + by, FONT);
    this.#set({ fontSize });
    for (const { terminal } of this.#runtimes.values()) terminal.setFontSize(fontSize);
  }

  /** Does what a key asks for; false where it cannot be done now, so that the key goes to the shell. */
  perform(action: Action): boolean {
    const all = this.store.state().tabs;
    const terminal = this.#activeRuntime()?.terminal;
    switch (action.kind) {
      case "newTab":
        this.openStart();
        return true;
      case "closeTab":
        if (all.active !== null) this.closeTab(all.active);
        return true;
      case "duplicateTab":
        if (all.active !== null) this.duplicateTab(all.active);
        return true;
      case "restart":
        if (all.active !== null) this.restart(all.active);
        return true;
      case "switchTab":
        this.changeTabs((each) => tabs.activateBy(each, action.by));
        return true;
      case "goToTab": {
        const changed = tabs.activateNumber(all, action.number);
        // With a single tab there is nowhere to go: the key is the shell's (Ctrl+Shift+2 is NUL).
        if (!changed || all.list.length < 2) return false;
        this.changeTabs(() => changed);
        return true;
      }
      case "moveTab":
        this.changeTabs((each) => (each.active === null ? each : tabs.moveBy(each, each.active, action.by)));
        return true;
      case "copy":
        if (!terminal) return false;
        if (!terminal.hasSelection) return false;
        terminal.copy().catch((reason: unknown) => this.showError(reason));
        return true;
      case "paste":
        if (!terminal) return false;
        terminal.pasteFromClipboard().catch((reason: unknown) => this.showError(reason));
        return true;
      case "selectAll":
        terminal?.selectAll();
        return terminal !== undefined;
      case "clear":
        terminal?.clear();
        return terminal !== undefined;
      case "scroll":
        terminal?.scrollTo(action.to);
        return terminal !== undefined;
      case "zoom":
        this.zoom(action.by);
        return true;
      case "toggleSidebar":
        this.toggleSidebar();
        return true;
      case "focusRegion":
        focusRegion(action.by);
        return true;
    }
  }

  #set(part: Partial<AppState>): void {
    this.store.update((state) => ({ ...state, ...part }));
  }
}

/** Goes round sidebar, tabs, terminal and status bar, so that no region is a trap. */
function focusRegion(by: 1 | -1): void {
  const regions = Array.from(document.querySelectorAll<HTMLElement>("[data-focus-region]")).filter(
    (region) => region.offsetParent !== null,
  );
  const stops = regions
    .map((region) =>
      region.matches("[tabindex='0']")
        ? region
        : region.querySelector<HTMLElement>(
            "textarea.xterm-helper-textarea, [role=tab][tabindex='0'], [role=row][tabindex='0'], button, input",
          ),
    )
    .filter((stop): stop is HTMLElement => stop !== null);
  if (stops.length === 0) return;
  const here = regions.findIndex((region) => region.contains(document.activeElement));
  const next = stops[(((here + by) % stops.length) + stops.length) % stops.length];
  next?.focus();
}
