/** A first sign-in: typed, remembered, and turned into AWS profiles of the person's choice. */
import type { AddedLines } from "../generated/AddedLines";
import type { NewAwsProfiles } from "../generated/NewAwsProfiles";
import type { SsoAccount } from "../generated/SsoAccount";
import { draftFrom, EMPTY_FORM } from "../model/profileForm";
import { strings } from "../strings";
import type { CredentialControl } from "./credentialControl";
import type { Desk } from "./desk";

export class FirstSignInControl {
  constructor(
    private readonly desk: Desk,
    private readonly credentials: CredentialControl,
  ) {}

  show(): void {
    this.desk.set({ dialog: { kind: "aws", signIn: true } });
  }

  /** Keeps the sign-in and gives its label. Rejects with what is wrong with it. */
  async remember(startUrl: string, region: string): Promise<string> {
    const label = await this.desk.host.rememberSignIn(startUrl, region);
    await this.credentials.load();
    return label;
  }

  isSignedIn(label: string): boolean {
    const signIns = this.desk.store.state().aws?.signIns ?? [];
    return signIns.some((each) => each.label === label && each.expiresMs !== null);
  }

  async forget(label: string): Promise<void> {
    try {
      await this.desk.host.forgetSignIn(label);
      this.desk.announce(strings.firstSignIn.forgotten(label));
    } catch (reason) {
      this.desk.showError(reason);
    }
    await this.credentials.load();
  }

  accounts(label: string): Promise<readonly SsoAccount[]> {
    return this.desk.host.ssoAccounts(label);
  }

  roles(label: string, accountId: string): Promise<readonly string[]> {
    return this.desk.host.ssoRoles(label, accountId);
  }

  preview(wanted: NewAwsProfiles): Promise<AddedLines> {
    return this.desk.host.previewAwsProfiles(wanted);
  }

  /** Adds what was seen, and goes on with a connection that uses it. Rejects with why nothing was added. */
  async add(wanted: NewAwsProfiles, seen: AddedLines): Promise<void> {
    await this.desk.host.addAwsProfiles(wanted, seen.lines);
    await this.credentials.load();
    const first = wanted.profiles[0];
    if (!first) return;
    const initial = draftFrom({ ...EMPTY_FORM, awsProfile: first.name });
    this.desk.set({ dialog: { kind: "profileForm", profile: null, initial } });
    this.desk.toast("plain", strings.firstSignIn.added(wanted.profiles.length, seen.file));
  }
}
