/** Links that ask for a connection: the person decides about each, one after the other. */
import type { LinkRequest } from "../generated/LinkRequest";
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { Desk } from "./desk";
import type { TabControl } from "./tabControl";

export class LinkControl {
  #heard = false;

  constructor(
    private readonly desk: Desk,
    private readonly tabs: TabControl,
  ) {}

  /** For as long as the window is there. */
  async hear(): Promise<void> {
    try {
      await this.desk.host.listenLinks((links) => {
        this.#heard = true;
        this.desk.set({ links });
      });
      const links = await this.desk.host.openLinks();
      // What has been heard meanwhile is newer.
      if (!this.#heard) this.desk.set({ links });
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  /** Opens a saved profile that the link names or resembles. */
  async open(link: LinkRequest, profile: Profile): Promise<void> {
    await this.cancel(link);
    this.tabs.open(profile);
  }

  /** Connects to what the link asks for, without saving it. */
  async connectOnce(link: LinkRequest): Promise<void> {
    this.#putAway(link);
    try {
      this.tabs.open(await this.desk.host.acceptLink(link.id));
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  /** Lets the person make a profile of it, which connects to nothing. */
  async save(link: LinkRequest, initial: ProfileDraft): Promise<void> {
    await this.cancel(link);
    this.desk.set({ dialog: { kind: "profileForm", profile: null, initial } });
  }

  async cancel(link: LinkRequest): Promise<void> {
    this.#putAway(link);
    try {
      await this.desk.host.forgetLink(link.id);
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  /** At once, so that nothing can be pressed twice. */
  #putAway({ id }: LinkRequest): void {
    this.desk.store.update((state) => ({ ...state, links: state.links.filter((link) => link.id !== id) }));
  }
}
