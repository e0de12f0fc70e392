/** The palette: shown over the window, and what its entries do once it has gone. */
import { type Does, type Entry, entriesOf, type Situation, withUsed } from "../model/palette";
import { profileList } from "../model/appState";
import type { Action } from "../model/bindings";
import { draftFrom, EMPTY_FORM } from "../model/profileForm";
import { activate } from "../model/tabs";
import { strings } from "../strings";
import type { Controller } from "./controller";
import type { OpenOptions } from "./tabControl";

export type Place = NonNullable<OpenOptions["place"]>;

/** These give the keyboard to something of their own. */
const TAKES_KEYBOARD: readonly Action["kind"][] = [
  "find",
  "focusRegion",
  "links",
  "readText",
  "renameTab",
  "resizePane",
];

export class PaletteControl {
  #then: (() => void) | null = null;
  #taken = false;

  constructor(private readonly controller: Controller) {}

  /** One box for everything; `>` in it puts actions first. */
  show(typed: ">" | ""): void {
    this.controller.desk.set({ dialog: { kind: "palette", typed } });
  }

  /** The box is over the window; gives what to call when it has gone. */
  lend(): () => void {
    this.#taken = false;
    const giveBack = this.controller.terminals.lend(() => this.#taken);
    return () => {
      const then = this.#then;
      this.#then = null;
      then?.();
      giveBack();
    };
  }

  situation(): Situation {
    const { tabs, broadcast } = this.controller.store.state();
    const terminal = this.controller.terminals.active();
    return { tabs, broadcast, terminal: terminal !== null, selection: terminal?.hasSelection === true };
  }

  entries(): readonly Entry[] {
    const { controller } = this;
    return entriesOf(profileList(controller.store.state()), this.situation(), controller.mac);
  }

  /** Does what an entry says. In the background the box stays, so that more can be opened; false where it has gone. */
  choose(entry: Entry, place: Place): boolean {
    const { controller } = this;
    if (!entry.possible) return true;
    controller.desk.store.update((state) => ({ ...state, recent: withUsed(state.recent, entry) }));
    const { does } = entry;
    if (does.kind === "profile" && does.profile.target !== "" && place === "background") {
      controller.tabs.open(does.profile, { place });
      return true;
    }
    // Only then the window has the keyboard again, and what is done can take it.
    this.#then = () => this.#do(does, place);
    controller.desk.closeDialog();
    return false;
  }

  #do(does: Does, place: Place): void {
    const { controller } = this;
    switch (does.kind) {
      case "profile":
        controller.tabs.open(does.profile, { place });
        return;
      case "target": {
        const { target } = does;
        const name = target.replace(/^name:/, "");
        const form = { ...EMPTY_FORM, target, name: name === target ? "" : name };
        controller.desk.set({ dialog: { kind: "profileForm", profile: null, initial: draftFrom(form) } });
        return;
      }
      case "tab":
        controller.desk.changeTabs((all) => activate(all, does.tab));
        return;
      case "action":
        this.#taken = TAKES_KEYBOARD.includes(does.action.kind);
        // Where it was when somebody asked for the palette.
        controller.terminals.active()?.focus();
        if (!controller.perform(does.action)) {
          this.#taken = false;
          controller.desk.announce(strings.palette.notNow);
        }
        return;
      case "own":
        controller.desktop.choose(does.own);
        return;
      case "setting":
        controller.settings.show(does.search);
    }
  }
}
