/** From a sign-in to AWS profiles: finding an account, and names for what was chosen. */
import type { NewAwsProfile } from "../generated/NewAwsProfile";
import type { SsoAccount } from "../generated/SsoAccount";

/** A role in an account that a person has chosen, and what its AWS profile is to be called. */
export interface Choice {
  readonly account: SsoAccount;
  readonly role: string;
  readonly name: string;
}

/** What is wrong with a name; the catalogue has a sentence for each. */
export type NameProblem = "missing" | "form" | "long" | "taken" | "twice";

const MAX_NAME = 128;
/** What the AWS SDKs take. */
const NAME = /^[\w\-/.%@:+]+$/;

export const sameRole = (one: Choice, account: SsoAccount, role: string): boolean =>
  one.account.id === account.id && one.role === role;

/** Those whose name, id or e-mail address has every word of the query. */
export function matchingAccounts(accounts: readonly SsoAccount[], query: string): readonly SsoAccount[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return accounts.filter(({ id, name, email }) => {
    const text = `${name ?? ""} ${id} ${email ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The account's name and the role, in characters that every AWS tool takes, and like no name that is taken. */
export function proposedName(account: SsoAccount, role: string, taken: ReadonlySet<string>): string {
  const plain = `${account.name ?? account.id}-${role}`
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{Mark}/gu, "")
    .replace(/[^a-z0-9._]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, MAX_NAME - 5);
  let name = plain;
  for (let number = 2; taken.has(name); number += 1) name = `${plain}-${number}`;
  return name;
}

/** `there`: the names of the AWS profiles that there are. */
export function nameProblem(
  choices: readonly Choice[],
  index: number,
  there: ReadonlySet<string>,
): NameProblem | null {
  const name = choices[index]?.name.trim() ?? "";
  if (name === "") return "missing";
  if (!NAME.test(name)) return "form";
  if (name.length > MAX_NAME) return "long";
  if (there.has(name)) return "taken";
  return choices.some((other, place) => place < index && other.name.trim() === name) ? "twice" : null;
}

export const wantedProfiles = (choices: readonly Choice[]): NewAwsProfile[] =>
  choices.map(({ account, role, name }) => ({ name: name.trim(), accountId: account.id, role }));
