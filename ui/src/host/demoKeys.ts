/**
 * Typed keys in the backend inside the page. `?keyring=` with `missing`, `locked`, `denied` or `hanging` is a keyring that
 * does not do what it is asked; a locked one is unlocked by the second look.
 */
import type { KeyringTrouble } from "../generated/KeyringTrouble";
import type { KeyringTroubleKind } from "../generated/KeyringTroubleKind";
import type { StoredKey } from "../generated/StoredKey";
import type { StoredKeys } from "../generated/StoredKeys";
import { type Host, HostError, type TypedKeys } from "./host";

const HANGING_MS = 1_500;

const TROUBLES: Readonly<Partial<Record<string, KeyringTrouble>>> = Object.fromEntries(
  (
    [
      [
        "missing",
        "No keyring answers on this computer.",
        "Start one (on Linux, GNOME Keyring or KWallet) and try again, keep the keys for this run only, or use an AWS profile.",
      ],
      [
        "locked",
        "The keyring is locked.",
        "Answer its question for the password and try again, or keep the keys for this run only.",
      ],
      [
        "denied",
        "The keyring does not let Sessiondeck in.",
        "Allow Sessiondeck in the system's own application for passwords and try again, or keep the keys for this run only.",
      ],
      [
        "hanging",
        "The keyring does not answer.",
        "A question of the keyring may be waiting behind another window: answer it and try again, or keep the keys for this run only.",
      ],
    ] satisfies [KeyringTroubleKind, string, string][]
  ).map(([kind, message, remedy]) => [kind, { kind, message, remedy }]),
);

type KeyCalls = Pick<Host, "listKeys" | "keepKeys" | "keepWaitingKeys" | "dropWaitingKeys" | "deleteKeys">;

export class DemoKeys implements KeyCalls {
  #keys: readonly StoredKey[];
  #waiting: StoredKey | null = null;
  #trouble: KeyringTrouble | null;
  #looks = 0;

  constructor(keyring: string | null, bare: boolean) {
    this.#trouble = TROUBLES[keyring ?? ""] ?? null;
    this.#keys =
      bare || this.#trouble
        ? []
        : [{ name: "audit", accessKeyId: "AKIAIOSFODNN7EXAMPLE", onlyForThisRun: false }];
  }

  async listKeys(): Promise<StoredKeys> {
    await this.#hang();
    this.#looks += 1;
    if (this.#trouble?.kind === "locked" && this.#looks > 1) this.#trouble = null;
    return { keys: [...this.#keys], trouble: this.#trouble, waiting: this.#waiting?.name ?? null };
  }

  async keepKeys({ name, accessKeyId, secretAccessKey, replace }: TypedKeys): Promise<void> {
    const key = { name: name.trim(), accessKeyId: accessKeyId.trim(), onlyForThisRun: false };
    if (!/^\w{16,128}$/.test(key.accessKeyId))
      throw new HostError(
        "invalidArgument",
        "An access key ID has 16 or more letters and digits, such as AKIAIOSFODNN7EXAMPLE.",
      );
    if (secretAccessKey.trim() === "")
      throw new HostError("invalidArgument", "The secret access key is missing.");
    if (!replace && this.#keys.some((each) => each.name === key.name))
      throw new HostError(
        "invalidArgument",
        "There are keys of this name already. Choose another name, or replace them.",
      );
    this.#waiting = key;
    await this.keepWaitingKeys(false);
  }

  async keepWaitingKeys(onlyForThisRun: boolean): Promise<void> {
    await this.#hang();
    if (!this.#waiting) throw new HostError("invalidArgument", "There are no keys to be kept.");
    if (this.#trouble && !onlyForThisRun)
      throw new HostError("credentials", `${this.#trouble.message} ${this.#trouble.remedy}`);
    const kept = { ...this.#waiting, onlyForThisRun };
    this.#keys = [...this.#keys.filter(({ name }) => name !== kept.name), kept];
    this.#waiting = null;
  }

  async dropWaitingKeys(): Promise<void> {
    await Promise.resolve();
    this.#waiting = null;
  }

  async deleteKeys(name: string): Promise<void> {
    await this.#hang();
    this.#keys = this.#keys.filter((each) => each.name !== name);
  }

  async #hang(): Promise<void> {
    await new Promise((done) => setTimeout(done, this.#trouble?.kind === "hanging" ? HANGING_MS : 0));
  }
}
