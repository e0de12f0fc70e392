/** The application among others on the desktop: its menu, full screen, and the wish to quit. */
import { menuAction, menuEntry, menuOwn, type OwnKind, systemMenu } from "../model/appMenu";
import type { Controller } from "./controller";

export class DesktopControl {
  constructor(private readonly controller: Controller) {}

  /** For as long as the window is there. */
  async hear(): Promise<void> {
    const { desk } = this.controller;
    try {
      await desk.host.listenQuit((open) => desk.set({ quitting: open }));
      await desk.host.listenMenu((id) => this.choose(id));
      await desk.host.showMenu(systemMenu(true));
    } catch (reason) {
      desk.showError(reason);
    }
  }

  /** Does what an entry of the menu says. */
  choose(id: string): void {
    const { controller } = this;
    const entry = menuEntry(id);
    if (!entry) return;
    const action = menuAction(entry);
    if (action) {
      controller.perform(action);
      // The menu had the keyboard.
      if (controller.store.state().dialog === null) controller.terminals.reclaim();
      return;
    }
    const own: Record<OwnKind, () => void> = {
      newProfile: () => controller.profiles.edit(null),
      import: () => controller.imports.show(),
      export: () => void controller.imports.export(),
      aws: () => controller.credentials.show(),
      firstSignIn: () => controller.firstSignIn.show(),
      about: () => controller.desk.set({ dialog: { kind: "about" } }),
      quit: () => void this.#do(() => controller.desk.host.quit()),
    };
    const kind = menuOwn(entry);
    if (kind) own[kind]();
  }

  toggleFullScreen(): Promise<void> {
    return this.#do(() => this.controller.desk.host.toggleFullScreen());
  }

  /** The question whether to quit is on the screen. */
  quitShown(): Promise<void> {
    return this.#do(() => this.controller.desk.host.quitShown());
  }

  answerQuit(yes: boolean): Promise<void> {
    this.controller.desk.set({ quitting: null });
    if (!yes) this.controller.terminals.reclaim();
    return this.#do(() => this.controller.desk.host.answerQuit(yes));
  }

  async #do(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (reason) {
      this.controller.desk.showError(reason);
    }
  }
}
