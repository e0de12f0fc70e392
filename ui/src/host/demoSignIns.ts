/**
 * Typed sign-ins of the backend inside the page, the accounts behind them, and the AWS profiles that come of them.
 * `?accounts=fails` is a portal that does not answer the first time, `?accounts=none` one that opens nothing, and with
 * `?accounts=raced` somebody else writes the file before the first profile is added.
 */
import type { AddedLines } from "../generated/AddedLines";
import type { AwsProfile } from "../generated/AwsProfile";
import type { NewAwsProfiles } from "../generated/NewAwsProfiles";
import type { SignIn } from "../generated/SignIn";
import type { SsoAccount } from "../generated/SsoAccount";
import { HostError } from "./host";

const STEP_MS = 150;
const FILE = "~/.aws/config";

const account = (id: string, name: string | null, email: string | null): SsoAccount => ({ id, name, email });

const ACCOUNTS: readonly SsoAccount[] = [
  account("210987654321", "Audit", "aws-audit@corp.example"),
  account("222233334444", "Data platform", "aws-data@corp.example"),
  account("333344445555", "Logs and archives of the whole organisation", "aws-logs@corp.example"),
  account("111122223333", "Payments production", "aws-payments@corp.example"),
  account("111122224444", "Payments staging", "aws-payments-staging@corp.example"),
  account("777788889999", "Sandbox", "aws-sandbox@corp.example"),
  account("999900001111", null, null),
];

const ROLES: Readonly<Partial<Record<string, readonly string[]>>> = {
  "111122223333": ["AdministratorAccess", "PowerUserAccess", "SessionManagerOperator"],
  "111122224444": ["AdministratorAccess", "SessionManagerOperator"],
  "210987654321": [],
};

const invalid = (message: string) => new HostError("invalidArgument", message);
const pause = (): Promise<void> => new Promise((done) => setTimeout(done, STEP_MS));

export class DemoSignIns {
  #typed: readonly SignIn[] = [];
  #profiles: readonly AwsProfile[] = [];
  #looks = 0;
  #raced = false;

  constructor(private readonly accountsMode: string | null) {}

  get typed(): readonly SignIn[] {
    return this.#typed;
  }

  get profiles(): readonly AwsProfile[] {
    return this.#profiles;
  }

  remember(typed: string, region: string, filed: readonly SignIn[]): string {
    const text = typed.trim();
    const startUrl = (text.includes("://") ? text : `https://${text}`)
      .replace(/[#?].*$/, "")
      .replace(/\/+$/, "");
    if (!/^https:\/\/[\w-]+(\.[\w-]+)+/.test(startUrl))
      throw invalid("A start URL is an https address, such as https://my-company.awsapps.com/start.");
    if (!/^[a-z]+(-[a-z]+)+-\d$/.test(region.trim())) throw invalid("A region is a code such as eu-west-1.");
    const there = [...filed, ...this.#typed].find((each) => each.startUrl === startUrl);
    if (there) return there.label;
    const label = /^https:\/\/([\w-]+)/.exec(startUrl)?.[1] ?? "identity-center";
    this.#typed = [...this.#typed, { label, startUrl, region: region.trim(), expiresMs: null, typed: true }];
    return label;
  }

  /** Whether it is one of these. */
  signed(label: string, expiresMs: number | null): boolean {
    const known = this.#typed.some((each) => each.label === label);
    this.#typed = this.#typed.map((each) => (each.label === label ? { ...each, expiresMs } : each));
    return known;
  }

  startUrl(label: string): string | undefined {
    return this.#typed.find((each) => each.label === label)?.startUrl;
  }

  forget(label: string): void {
    this.#typed = this.#typed.filter((each) => each.label !== label);
  }

  async accounts(): Promise<readonly SsoAccount[]> {
    await pause();
    this.#looks += 1;
    if (this.accountsMode === "fails" && this.#looks === 1)
      throw new HostError("credentials", "The access portal does not answer. Try again in a moment.");
    return this.accountsMode === "none" ? [] : ACCOUNTS;
  }

  async roles(accountId: string): Promise<readonly string[]> {
    await pause();
    return ROLES[accountId] ?? ["ReadOnlyAccess", "SessionManagerOperator"];
  }

  preview(wanted: NewAwsProfiles, sessions: readonly SignIn[], names: readonly string[]): AddedLines {
    const session = sessions.find(({ label }) => label === wanted.session);
    if (!session) throw invalid("The AWS configuration no longer names this sign-in.");
    if (!/^[a-z]+(-[a-z]+)+-\d$/.test(wanted.region.trim()))
      throw invalid("A region is a code such as eu-west-1.");
    const taken = wanted.profiles.find(({ name }) => names.includes(name));
    if (taken) throw invalid(`There is an AWS profile "${taken.name}" already.`);
    const sections = wanted.profiles.map(
      ({ name, accountId, role }) =>
        `[profile ${name}]\nsso_session = ${session.label}\nsso_account_id = ${accountId}\nsso_role_name = ${role}\nregion = ${wanted.region.trim()}\n`,
    );
    if (session.typed)
      sections.unshift(
        `[sso-session ${session.label}]\nsso_start_url = ${session.startUrl}\nsso_region = ${session.region}\nsso_registration_scopes = sso:account:access\n`,
      );
    return { file: FILE, isNew: names.length === 0, lines: sections.join("\n") };
  }

  add(wanted: NewAwsProfiles): void {
    if (this.accountsMode === "raced" && !this.#raced) {
      this.#raced = true;
      this.#typed = this.#typed.map((each) => ({ ...each, typed: false }));
      throw invalid("The AWS configuration has changed meanwhile. Look at the lines once more.");
    }
    this.#typed = this.#typed.map((each) =>
      each.label === wanted.session ? { ...each, typed: false } : each,
    );
    const profiles = wanted.profiles.map(({ name, accountId, role }): AwsProfile => ({
      name,
      kind: "sso",
      account: accountId,
      region: wanted.region.trim(),
      detail: `${role} through the sign-in ${wanted.session}`,
    }));
    this.#profiles = [...this.#profiles, ...profiles];
  }
}
