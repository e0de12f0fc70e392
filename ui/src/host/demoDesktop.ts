/** The desktop around the page, as {@link createDemoHost} plays it: imports, links, the menu and the wish to quit. */
import type { ImportItem } from "../generated/ImportItem";
import type { ImportPreview } from "../generated/ImportPreview";
import type { ImportSource } from "../generated/ImportSource";
import type { LinkAsks } from "../generated/LinkAsks";
import type { LinkRequest } from "../generated/LinkRequest";
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import { EMPTY_DRAFT } from "../model/profiles";
import { type Host, HostError } from "./host";

type DesktopHost = Pick<
  Host,
  | "importPlaces"
  | "previewImport"
  | "runImport"
  | "undoImport"
  | "exportProfiles"
  | "openLinks"
  | "listenLinks"
  | "acceptLink"
  | "forgetLink"
  | "quit"
  | "listenQuit"
  | "quitShown"
  | "answerQuit"
  | "showMenu"
  | "listenMenu"
  | "toggleFullScreen"
>;

interface Surroundings {
  readonly parameters: URLSearchParams;
  /** How many sessions are open. */
  readonly open: () => number;
  readonly profiles: () => readonly Profile[];
  readonly add: (added: readonly Profile[]) => void;
  readonly remove: (ids: ReadonlySet<string>) => void;
  readonly newId: () => string;
}

const draft = (name: string, target: string, more: Partial<ProfileDraft> = {}): ProfileDraft => ({
  ...EMPTY_DRAFT,
  name,
  target,
  ...more,
});

const FOUND: readonly ProfileDraft[] = [
  draft("orders-api", "i-0b1c2d3e4f5061728", { awsProfile: "prod", region: "eu-west-1" }),
  draft("orders-worker", "i-0b1c2d3e4f5061729", { awsProfile: "prod", region: "eu-west-1" }),
  draft("api-1", "i-0a1b2c3d4e5f60718", { awsProfile: "prod", region: "eu-west-1" }),
  draft("reporting", "name:reporting", { awsProfile: "staging" }),
];
const STUBS: readonly ProfileDraft[] = [
  draft("prod", "", { awsProfile: "prod" }),
  draft("staging", "", { awsProfile: "staging" }),
];
const PLACE = draft("i-0a1b2c3d4e5f60718", "i-0a1b2c3d4e5f60718", {
  awsProfile: "prod-ops",
  region: "eu-west-1",
});

export class DemoDesktop {
  /** Connections that are not saved. */
  readonly passing: Profile[] = [];
  #links: readonly LinkRequest[] = [];
  #hearLinks: (links: readonly LinkRequest[]) => void = () => undefined;
  #hearQuit: (open: number) => void = () => undefined;
  #previews = 0;
  #planned: readonly ProfileDraft[] | null = null;
  #added: ReadonlySet<string> = new Set();

  constructor(private readonly around: Surroundings) {
    const asks = this.#asks(around.parameters.get("link"));
    if (asks) this.#links = [{ id: 1, asks }];
  }

  host(): DesktopHost {
    const answer = async <Answer>(make: () => Answer): Promise<Answer> => {
      await Promise.resolve();
      return make();
    };
    const unlisten = () => undefined;
    return {
      importPlaces: () =>
        answer(() => [
          { source: "awsConfig" as const, found: "~/.aws/config" },
          { source: "sshConfig" as const, found: "~/.ssh/config" },
          { source: "csv" as const, found: null },
          { source: "awsGate" as const, found: null },
          { source: "commands" as const, found: "~/.zsh_history" },
          { source: "team" as const, found: null },
        ]),
      previewImport: (source, from) =>
        answer(() => this.#preview(source, from.kind === "text" ? null : "~/.ssh/config", from)),
      runImport: (id, items) => answer(() => this.#run(id, items)),
      undoImport: () => answer(() => this.around.remove(this.#added)),
      exportProfiles: (ids) =>
        answer(() => ({
          file: "~/sessiondeck-profiles.json",
          count: ids.length || this.around.profiles().filter(({ builtIn }) => !builtIn).length,
        })),
      openLinks: () => answer(() => this.#links),
      listenLinks: (listener) =>
        answer(() => {
          this.#hearLinks = listener;
          return unlisten;
        }),
      acceptLink: (id) => answer(() => this.#accept(id)),
      forgetLink: (id) => answer(() => this.#forget(id)),
      quit: () =>
        answer(() => {
          const open = this.around.open();
          if (open > 0) this.#hearQuit(open);
          else document.body.dataset["quit"] = "yes";
        }),
      listenQuit: (listener) =>
        answer(() => {
          this.#hearQuit = listener;
          return unlisten;
        }),
      quitShown: () => answer(() => undefined),
      answerQuit: (yes) =>
        answer(() => {
          document.body.dataset["quit"] = yes ? "yes" : "no";
        }),
      showMenu: () => answer(() => undefined),
      listenMenu: () => answer(() => unlisten),
      toggleFullScreen: () => answer(() => void (document.body.dataset["fullScreen"] = "yes")),
    };
  }

  #preview(source: ImportSource, file: string | null, from: { kind: string; text?: string }): ImportPreview {
    if (from.text?.includes("\u0000") === true)
      throw new HostError("invalidArgument", "The text cannot be read.");
    const planned = from.text === "nothing" ? [] : source === "awsConfig" ? STUBS : FOUND;
    this.#planned = planned;
    this.#previews += 1;
    const items = planned.map((each, index): ImportItem => {
      const saved = this.around
        .profiles()
        .find(
          (other) =>
            other.awsProfile === each.awsProfile && (each.target === "" || other.target === each.target),
        );
      return {
        name: each.name,
        target: each.target,
        awsProfile: each.awsProfile,
        region: each.region,
        folder: "",
        line: source === "awsConfig" ? null : 4 * index + 1,
        duplicate: saved ? { kind: "saved", name: saved.name } : null,
      };
    });
    const skipped =
      source === "awsConfig"
        ? []
        : [
            { name: "*.internal", line: 17, reason: "It stands for any number of hosts, not for one." },
            { name: "Match", line: 21, reason: "Its conditions cannot be judged here." },
          ];
    return { id: this.#previews, file, items, skipped };
  }

  #run(id: number, items: readonly number[]): number {
    if (id !== this.#previews || !this.#planned)
      throw new HostError("invalidArgument", "This preview is not the last one any more. Look again.");
    const added = this.#planned
      .filter((_, index) => items.includes(index))
      .map((each): Profile => ({
        id: this.around.newId(),
        builtIn: false,
        origin: { kind: "personal" },
        ...each,
      }));
    this.#planned = null;
    this.#added = new Set(added.map((each) => each.id));
    this.around.add(added);
    return added.length;
  }

  #asks(kind: string | null): LinkAsks | null {
    const profiles = this.around.profiles().filter(({ builtIn }) => !builtIn);
    switch (kind) {
      case null:
        return null;
      case "refused":
        return {
          kind: "refused",
          message: "The link holds an access key, which has no place in a link.",
        };
      case "saved":
        return { kind: "saved", profiles: profiles.slice(0, 1) };
      default:
        return {
          kind: "place",
          draft: PLACE,
          unknownAwsProfile: kind === "unknown",
          matches: profiles
            .filter(({ target }) => target === PLACE.target)
            .map((profile) => ({
              profile,
              differences: [{ field: "awsProfile", saved: profile.awsProfile, linked: PLACE.awsProfile }],
            })),
        };
    }
  }

  #accept(id: number): Profile {
    const asks = this.#links.find((link) => link.id === id)?.asks;
    if (asks?.kind !== "place") throw new HostError("invalidArgument", "This link does not wait any more.");
    const profile: Profile = {
      id: this.around.newId(),
      builtIn: false,
      origin: { kind: "personal" },
      ...asks.draft,
    };
    this.passing.push(profile);
    this.#forget(id);
    return profile;
  }

  #forget(id: number): void {
    this.#links = this.#links.filter((link) => link.id !== id);
    this.#hearLinks(this.#links);
  }
}
