import { expect, test } from "vitest";

import type { Question } from "../generated/Question";
import { type AppState, askedNow, type DialogState, INITIAL } from "./appState";

const question = (id: number): Question => ({
  id,
  about: { kind: "signIn", session: "corp", startUrl: "https://corp.example/start" },
  waiting: 1,
  step: null,
  problem: null,
});

const asked = (dialog: DialogState | null, ...questions: Question[]): number | undefined => {
  const state: AppState = { ...INITIAL, dialog, questions };
  return askedNow(state)?.id;
};

test("the first standing question is asked, also over the AWS configuration", () => {
  expect(asked(null)).toBeUndefined();
  expect(asked(null, question(3), question(4))).toBe(3);
  expect(asked({ kind: "aws" }, question(3))).toBe(3);
});

test("a question waits while a form is open", () => {
  expect(asked({ kind: "profileForm", profile: null }, question(3))).toBeUndefined();
});
