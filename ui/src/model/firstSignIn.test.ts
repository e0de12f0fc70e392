import { expect, test } from "vitest";

import type { SsoAccount } from "../generated/SsoAccount";
import { type Choice, matchingAccounts, nameProblem, proposedName, wantedProfiles } from "./firstSignIn";

const payments: SsoAccount = { id: "111122223333", name: "Payments (Prod)", email: "pay@example.com" };
const nameless: SsoAccount = { id: "444455556666", name: null, email: null };
const choice = (name: string): Choice => ({ account: payments, role: "Admin", name });

test("an account is found by every word of its name, id or address", () => {
  const all = [payments, nameless];
  expect(matchingAccounts(all, "")).toEqual(all);
  expect(matchingAccounts(all, "  PROD pay@ ")).toEqual([payments]);
  expect(matchingAccounts(all, "5555")).toEqual([nameless]);
  expect(matchingAccounts(all, "prod 5555")).toEqual([]);
});

test("a name is proposed that every AWS tool takes and nobody has", () => {
  expect(proposedName(payments, "AdministratorAccess", new Set())).toBe("payments-prod-administratoraccess");
  expect(proposedName(nameless, "Op@Night", new Set())).toBe("444455556666-op-night");
  const taken = new Set(["444455556666-admin", "444455556666-admin-2"]);
  expect(proposedName(nameless, "Admin", taken)).toBe("444455556666-admin-3");
  expect(proposedName({ ...payments, name: "Büro für Ärger" }, "Admin", new Set())).toBe(
    "buro-fur-arger-admin",
  );
  const long = proposedName({ ...payments, name: "x".repeat(400) }, "Admin", new Set());
  expect(nameProblem([choice(long)], 0, new Set())).toBeNull();
});

test("a name that cannot be used says why", () => {
  const there = new Set(["prod"]);
  const problems = ["", "a b", "a]", "x".repeat(129), "prod", "new", " new "].map((_name, index, all) =>
    nameProblem(all.map(choice), index, there),
  );
  expect(problems).toEqual(["missing", "form", "form", "long", "taken", null, "twice"]);
});

test("what is asked for has the names without spaces around them", () => {
  expect(wantedProfiles([choice(" pay ")])).toEqual([
    { name: "pay", accountId: "111122223333", role: "Admin" },
  ]);
});
