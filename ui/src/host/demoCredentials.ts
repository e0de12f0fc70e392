/**
 * The credentials' part of the backend inside the page: AWS profiles of several kinds, a sign-in, and the questions that
 * connections raise. `?signin=holds` leaves a sign-in waiting for the person, `?signin=fails` lets it come to nothing, and
 * with `?signin=written` somebody writes the files of a bare computer while the page is open.
 */
import type { AwsProfile } from "../generated/AwsProfile";
import type { AwsProfileKind } from "../generated/AwsProfileKind";
import type { AddedLines } from "../generated/AddedLines";
import type { AwsSetup } from "../generated/AwsSetup";
import type { Caller } from "../generated/Caller";
import type { NewAwsProfiles } from "../generated/NewAwsProfiles";
import type { Profile } from "../generated/Profile";
import type { Question } from "../generated/Question";
import type { QuestionAbout } from "../generated/QuestionAbout";
import type { SignIn } from "../generated/SignIn";
import type { SignInStep } from "../generated/SignInStep";
import type { SsoAccount } from "../generated/SsoAccount";
import { DemoSignIns } from "./demoSignIns";
import { type Host, HostError, type Unlisten } from "./host";

const MINUTE_MS = 60_000;
const STEP_MS = 250;
/** How long the make-believe person takes with the make-believe page. */
const BROWSER_MS = 1_200;
const WRITTEN_MS = 1_500;

const SIGN_IN = {
  label: "corp",
  startUrl: "https://corp.awsapps.example/start",
  region: "eu-west-1",
} as const;
const DEVICE = "arn:aws:iam::111122223333:mfa/ana-phone";

/** The one code that the make-believe device never shows. */
export const WRONG_CODE = "000000";

const aws = (name: string, kind: AwsProfileKind, more: Partial<AwsProfile> = {}): AwsProfile => ({
  name,
  kind,
  account: null,
  region: null,
  detail: null,
  ...more,
});

const PROFILES: readonly AwsProfile[] = [
  aws("default", "keys", { region: "eu-west-1" }),
  aws("ci", "process", { region: "us-east-1", detail: "ci-credentials --json" }),
  aws("prod", "role", { account: "111122223333", region: "eu-west-1", detail: "default → prod" }),
  aws("prod-admin", "role", {
    account: "111122223333",
    region: "eu-west-1",
    detail: "default → prod-admin, with a code of ana-phone",
  }),
  aws("staging", "sso", {
    account: "444455556666",
    region: "eu-west-1",
    detail: "PowerUser through the sign-in corp",
  }),
  aws("sandbox", "sso", {
    account: "777788889999",
    region: "us-west-2",
    detail: "Developer through the sign-in corp",
  }),
  aws("deploy", "webIdentity", { account: "444455556666" }),
  aws("laptop", "login", { region: "eu-central-1" }),
  aws("on-instance", "surroundings"),
  aws("output-only", "empty"),
  aws("old-audit", "broken", {
    detail: "Its source profile “audit-base” is not in the files.",
  }),
];

const REGIONS = [
  "eu-central-1",
  "eu-west-1",
  "eu-west-2",
  "us-east-1",
  "us-east-2",
  "us-west-2",
  "ap-southeast-2",
];

/** AWS profiles whose connections ask something of the person first. */
export const ASKS: Readonly<Record<string, QuestionAbout>> = {
  sandbox: { kind: "signIn", session: SIGN_IN.label, startUrl: SIGN_IN.startUrl },
  "prod-admin": {
    kind: "mfa",
    serial: DEVICE,
    awsProfile: "prod-admin",
    roleArn: "arn:aws:iam::111122223333:role/Admin",
  },
};

type CredentialCalls = Pick<
  Host,
  | "awsSetup"
  | "listenAwsSetup"
  | "openQuestions"
  | "listenQuestions"
  | "signIn"
  | "signOut"
  | "answerMfa"
  | "answerQuestion"
  | "cancelQuestion"
  | "rememberSignIn"
  | "forgetSignIn"
  | "ssoAccounts"
  | "ssoRoles"
  | "previewAwsProfiles"
  | "addAwsProfiles"
>;

interface Waiter {
  readonly id: number;
  readonly done: (answered: boolean) => void;
}

export class DemoCredentials implements CredentialCalls {
  #questions: readonly Question[] = [];
  #waiters: readonly Waiter[] = [];
  #lastId = 0;
  #attempt = 0;
  #signedInUntil: number | null = null;
  #coded = false;
  #rolesUntil: number | null = null;
  readonly #given = new Map<number, string>();
  readonly #hearers = new Set<(questions: readonly Question[]) => void>();
  readonly #setupHearers = new Set<() => void>();
  readonly #signIns: DemoSignIns;

  /** `bare`: a computer on which nobody has set up anything. */
  constructor(
    private readonly signing: string | null,
    private bare: boolean,
    accounts: string | null,
  ) {
    this.#signIns = new DemoSignIns(accounts);
  }

  /** Whether the person has given what a connection needs; asks where that is open. */
  async ready({ awsProfile }: Profile): Promise<boolean> {
    const about = awsProfile === null ? undefined : ASKS[awsProfile];
    if (!about || this.#met(about)) return true;
    const { id } = this.#ask(about);
    this.#change(id, ({ waiting }) => ({ waiting: waiting + 1 }));
    return new Promise((done) => {
      this.#waiters = [...this.#waiters, { id, done }];
    });
  }

  /** Asks what only the person can say: the number of the question, and the answer or null. */
  askFor(about: QuestionAbout): { readonly id: number; readonly answer: Promise<string | null> } {
    const { id } = this.#ask(about);
    const answer = new Promise<string | null>((done) => {
      const told = (answered: boolean) => done(answered ? (this.#given.get(id) ?? null) : null);
      this.#waiters = [...this.#waiters, { id, done: told }];
    });
    return { id, answer };
  }

  async answerQuestion(id: number, answer: string): Promise<void> {
    await Promise.resolve();
    if (!this.#questions.some((each) => each.id === id))
      throw new HostError("invalidArgument", "Nobody waits for this answer any more.");
    this.#given.set(id, answer);
    this.#end(id, true);
  }

  caller({ awsProfile }: Profile): Caller {
    if (awsProfile === null) throw new HostError("credentials", "There are no default credentials.");
    this.#rolesUntil ??= Date.now() + 42.5 * MINUTE_MS;
    const account = PROFILES.find(({ name }) => name === awsProfile)?.account ?? "111122223333";
    const role = awsProfile === "ci" ? null : awsProfile === "prod-admin" ? "Admin" : "PowerUser";
    return {
      account,
      accountName: account === "111122223333" ? "Payments" : null,
      role,
      user: role === null ? "ci-runner" : "ana",
      arn:
        role === null
          ? `arn:aws:iam::${account}:user/ci-runner`
          : `arn:aws:sts::${account}:assumed-role/${role}/ana`,
      expiresMs: role === null ? null : this.#rolesUntil,
    };
  }

  async awsSetup(): Promise<AwsSetup> {
    await Promise.resolve();
    const profiles = this.#profiles();
    const signIns = this.#allSignIns();
    if (this.bare) return { profiles, problems: [], signIns, regions: REGIONS };
    return {
      profiles,
      problems: [
        {
          file: "~/.aws/config",
          line: 41,
          message: "“[prifile audit]” begins no profile, so what follows it does not count.",
        },
      ],
      signIns,
      regions: REGIONS,
    };
  }

  async listenAwsSetup(listener: () => void): Promise<Unlisten> {
    await Promise.resolve();
    this.#setupHearers.add(listener);
    if (this.signing === "written") {
      setTimeout(() => {
        this.bare = false;
        listener();
      }, WRITTEN_MS);
    }
    return () => void this.#setupHearers.delete(listener);
  }

  async openQuestions(): Promise<readonly Question[]> {
    await Promise.resolve();
    return this.#questions;
  }

  async listenQuestions(listener: (questions: readonly Question[]) => void): Promise<Unlisten> {
    await Promise.resolve();
    this.#hearers.add(listener);
    return () => void this.#hearers.delete(listener);
  }

  async signIn(session: string, withCode: boolean): Promise<void> {
    const { id } = this.#ask({
      kind: "signIn",
      session,
      startUrl: this.#signIns.startUrl(session) ?? SIGN_IN.startUrl,
    });
    this.#attempt += 1;
    const attempt = this.#attempt;
    const later = async (ms: number) => {
      await pause(ms);
      if (attempt !== this.#attempt) throw new HostError("credentials", "The sign-in was cancelled.");
    };
    const tell = (step: SignInStep) => this.#change(id, () => ({ step, problem: null }));
    tell({ kind: "preparing" });
    await later(STEP_MS);
    if (this.signing === "fails") {
      const message = "IAM Identity Center does not know this start URL.";
      const remedy =
        "Compare sso_start_url and sso_region in ~/.aws/config with what your administrator gave you.";
      const detail =
        "InvalidRequestException: Invalid request (request 7f1c2d3e-0000-4000-8000-000000000000)";
      this.#change(id, () => ({ step: null, problem: { message, remedy, detail } }));
      this.#tidy(id);
      throw new HostError("credentials", message);
    }
    if (withCode) {
      const url = "https://device.sso.eu-west-1.amazonaws.example/?user_code=QKHT-BVWX";
      tell({ kind: "device", userCode: "QKHT-BVWX", url, expiresMs: Date.now() + 10 * MINUTE_MS });
    } else {
      tell({
        kind: "browser",
        url: "https://oidc.eu-west-1.amazonaws.example/authorize?response_type=code&client_id=bTlzX0lk&state=4f1c",
      });
    }
    while (this.signing === "holds") await later(STEP_MS);
    await later(BROWSER_MS);
    tell({ kind: "finishing" });
    await later(STEP_MS);
    const until = Date.now() + 8 * 60 * MINUTE_MS;
    if (!this.#signIns.signed(session, until)) this.#signedInUntil = until;
    this.#end(id, true);
    this.#setupChanged();
  }

  async signOut(session: string): Promise<void> {
    await pause(STEP_MS);
    if (!this.#signIns.signed(session, null)) this.#signedInUntil = null;
    this.#setupChanged();
  }

  async answerMfa(id: number, code: string): Promise<void> {
    await pause(STEP_MS);
    if (!this.#questions.some((each) => each.id === id))
      throw new HostError("credentials", "Nobody waits for this code any more.");
    if (code === WRONG_CODE) {
      const message = "AWS did not accept this code.";
      const remedy = "Wait for the next one: each code can be used once.";
      const detail = "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code.";
      this.#change(id, () => ({ problem: { message, remedy, detail } }));
      throw new HostError("credentials", message);
    }
    this.#coded = true;
    this.#end(id, true);
  }

  async cancelQuestion(id: number): Promise<void> {
    await Promise.resolve();
    const question = this.#questions.find((each) => each.id === id);
    if (question?.about.kind === "signIn") this.#attempt += 1;
    this.#end(id, false);
  }

  async rememberSignIn(startUrl: string, region: string): Promise<string> {
    await Promise.resolve();
    return this.#signIns.remember(startUrl, region, this.#allSignIns());
  }

  async forgetSignIn(session: string): Promise<void> {
    await pause(STEP_MS);
    this.#signIns.forget(session);
  }

  async ssoAccounts(session: string): Promise<readonly SsoAccount[]> {
    const signIn = this.#allSignIns().find(({ label }) => label === session);
    if (!signIn?.expiresMs) throw new HostError("credentials", "You are not signed in.");
    return this.#signIns.accounts();
  }

  ssoRoles(_session: string, accountId: string): Promise<readonly string[]> {
    return this.#signIns.roles(accountId);
  }

  async previewAwsProfiles(wanted: NewAwsProfiles): Promise<AddedLines> {
    await Promise.resolve();
    const names = this.#profiles().map(({ name }) => name);
    return this.#signIns.preview(wanted, this.#allSignIns(), names);
  }

  async addAwsProfiles(wanted: NewAwsProfiles, seen: string): Promise<void> {
    const { lines } = await this.previewAwsProfiles(wanted);
    if (lines !== seen)
      throw new HostError("invalidArgument", "The AWS configuration has changed meanwhile.");
    this.#signIns.add(wanted);
    this.#setupChanged();
  }

  #profiles(): AwsProfile[] {
    return [...(this.bare ? [] : PROFILES), ...this.#signIns.profiles];
  }

  #allSignIns(): SignIn[] {
    const filed = this.bare ? [] : [{ ...SIGN_IN, expiresMs: this.#signedInUntil, typed: false }];
    return [...filed, ...this.#signIns.typed];
  }

  #met(about: QuestionAbout): boolean {
    return about.kind === "mfa" ? this.#coded : this.#signedInUntil !== null;
  }

  #ask(about: QuestionAbout): Question {
    const same = this.#questions.find((each) => JSON.stringify(each.about) === JSON.stringify(about));
    if (same) return same;
    this.#lastId += 1;
    const question: Question = { id: this.#lastId, about, waiting: 0, step: null, problem: null };
    this.#publish([...this.#questions, question]);
    return question;
  }

  #change(id: number, part: (question: Question) => Partial<Question>): void {
    this.#publish(this.#questions.map((each) => (each.id === id ? { ...each, ...part(each) } : each)));
  }

  /** A question without anybody goes. */
  #tidy(id: number): void {
    if (this.#questions.some((each) => each.id === id && each.waiting === 0)) this.#end(id, false);
  }

  #end(id: number, answered: boolean): void {
    this.#publish(this.#questions.filter((each) => each.id !== id));
    const done = this.#waiters.filter((each) => each.id === id);
    this.#waiters = this.#waiters.filter((each) => each.id !== id);
    for (const waiter of done) waiter.done(answered);
  }

  #publish(questions: readonly Question[]): void {
    this.#questions = questions;
    for (const hear of this.#hearers) hear(questions);
  }

  #setupChanged(): void {
    for (const hear of this.#setupHearers) hear();
  }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
