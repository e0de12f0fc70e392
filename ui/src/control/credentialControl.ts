/** AWS configuration, sign-ins and the questions that only a person can answer. */
import type { Caller } from "../generated/Caller";
import type { Profile } from "../generated/Profile";
import type { Question } from "../generated/Question";
import type { Desk } from "./desk";

export class CredentialControl {
  #lastLoad = 0;
  #questionsHeard = false;
  /** The latest sign-in of each label; what became of earlier ones is no news. */
  readonly #signIns = new Map<string, symbol>();

  constructor(private readonly desk: Desk) {}

  async load(): Promise<void> {
    this.#lastLoad += 1;
    const load = this.#lastLoad;
    try {
      const aws = await this.desk.host.awsSetup();
      if (load === this.#lastLoad) this.desk.set({ aws });
    } catch (reason) {
      // The form takes free text, so the choices are a comfort only.
      this.desk.showError(reason);
    }
  }

  /** For as long as the window is there. */
  async hear(): Promise<void> {
    try {
      await this.desk.host.listenAwsSetup(() => void this.load());
      await this.desk.host.listenQuestions((questions) => {
        this.#questionsHeard = true;
        this.#questionsChanged(questions);
      });
      const questions = await this.desk.host.openQuestions();
      // What has been heard meanwhile is newer.
      if (!this.#questionsHeard) this.#questionsChanged(questions);
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  #questionsChanged(questions: readonly Question[]): void {
    const before = this.desk.store.state().questions;
    this.desk.set({ questions });
    const stands = (id: number) => questions.some((each) => each.id === id);
    // What an answer brought, such as a sign-in, changes what there is to choose from.
    if (before.some(({ id }) => !stands(id))) void this.load();
  }

  show(): void {
    this.desk.set({ dialog: { kind: "aws" } });
  }

  /** Says what went wrong where no question stands that would say it. */
  async signIn(label: string, withCode: boolean): Promise<void> {
    const mine = Symbol(label);
    this.#signIns.set(label, mine);
    try {
      await this.desk.host.signIn(label, withCode);
    } catch (reason) {
      if (this.#signIns.get(label) !== mine) return;
      const standing = await this.desk.host.openQuestions().catch(() => []);
      const told = standing.some(
        ({ about, problem }) => about.kind === "signIn" && about.session === label && problem !== null,
      );
      if (!told) this.desk.showError(reason);
    } finally {
      if (this.#signIns.get(label) === mine) this.#signIns.delete(label);
    }
  }

  async signOut(label: string): Promise<void> {
    try {
      await this.desk.host.signOut(label);
    } catch (reason) {
      this.desk.showError(reason);
    }
    await this.load();
  }

  cancel({ id, about }: Question): void {
    // Whoever cancels knows that nothing came of it.
    if (about.kind === "signIn") this.#signIns.delete(about.session);
    this.desk.host.cancelQuestion(id).catch((reason: unknown) => this.desk.showError(reason));
  }

  /** Rejects with the host's error; the question mostly tells it too. */
  answerMfa(id: number, code: string): Promise<void> {
    return this.desk.host.answerMfa(id, code);
  }

  /** Rejects with why the answer will not do. */
  answer(id: number, answer: string): Promise<void> {
    return this.desk.host.answerQuestion(id, answer);
  }

  whoAmI(profile: Profile): Promise<Caller> {
    return this.desk.host.whoAmI(profile.id);
  }
}
