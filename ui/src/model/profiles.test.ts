import { expect, it } from "vitest";

import type { Profile } from "../generated/Profile";
import { EMPTY_DRAFT, filterProfiles, marked, wordsOf } from "./profiles";

const profile = (name: string, region: string): Profile => ({
  id: name,
  builtIn: false,
  origin: { kind: "personal" },
  ...EMPTY_DRAFT,
  name,
  awsProfile: "prod",
  region,
  target: "i-0123456789abcdef0",
  notes: region === "us-east-1" ? "Ask Ana first" : null,
});
const all = [profile("Web one", "eu-west-1"), profile("Database", "us-east-1")];
const found = (typed: string) => filterProfiles(all, typed).map(({ name }) => name);

it("finds profiles by every word typed, in any field and case", () => {
  expect(found("")).toEqual(["Web one", "Database"]);
  expect(found("  web ")).toEqual(["Web one"]);
  expect(found("PROD us-east")).toEqual(["Database"]);
  expect(found("web us-east")).toEqual([]);
  expect(found("ana")).toEqual(["Database"]);
});

it("marks what was found, also where words overlap", () => {
  expect(marked("Web one", wordsOf("on WE eb"))).toEqual(["", "Web", " ", "on", "e"]);
  expect(marked("Web one", [])).toEqual(["Web one"]);
  expect(marked("İx", wordsOf("x"))).toEqual(["İx"]);
});
