import { expect, it } from "vitest";

import type { Profile } from "../generated/Profile";
import { filterProfiles } from "./profiles";

const profile = (name: string, region: string): Profile => ({
  id: name,
  builtIn: false,
  name,
  awsProfile: "prod",
  region,
  target: "i-0123456789abcdef0",
  document: null,
  parameters: {},
  reason: null,
  colour: "none",
});
const all = [profile("Web one", "eu-west-1"), profile("Database", "us-east-1")];
const found = (typed: string) => filterProfiles(all, typed).map(({ name }) => name);

it("finds profiles by every word typed, in any field and case", () => {
  expect(found("")).toEqual(["Web one", "Database"]);
  expect(found("  web ")).toEqual(["Web one"]);
  expect(found("PROD us-east")).toEqual(["Database"]);
  expect(found("web us-east")).toEqual([]);
});
