import { describe, expect, it } from "vitest";

import type { ProfileDraft } from "../generated/ProfileDraft";
import { checkForm, draftFrom, EMPTY_FORM, formFrom, isTarget } from "./profileForm";

const form = { ...EMPTY_FORM, name: "Web", target: "i-0123456789abcdef0" };

describe("the profile form", () => {
  it("keeps a draft through the form and back", () => {
    const draft: ProfileDraft = {
      name: "Web",
      awsProfile: "prod",
      region: "eu-west-1",
      target: "tag:Role=web",
      document: "AWS-StartInteractiveCommand",
      parameters: { command: ["top", "-d 1"] },
      reason: "INC-42",
      colour: "red",
      folder: "Shop/Web",
      tags: ["nginx", "edge"],
      environment: "production",
      notes: "  two\nlines",
      favourite: true,
      credentials: null,
      startupCommand: "tmux attach",
      user: "deploy",
      shell: "bash",
      terminal: { font: "Iosevka", fontSize: 15, theme: "Dusk", scrollback: 20_000 },
      network: {
        proxy: "http://proxy.example:3128",
        noProxy: "localhost",
        caBundle: "/etc/ca.pem",
        endpoints: { ssm: "https://vpce.example/?a=b" },
      },
    };
    expect(draftFrom(formFrom(draft))).toEqual(draft);
    for (const credentials of ["environment", "keyring:lab"]) {
      const other = { ...draft, awsProfile: null, credentials };
      expect(draftFrom(formFrom(other))).toEqual(other);
    }
  });

  it("takes what is left empty for not given", () => {
    expect(draftFrom({ ...form, region: "  ", parameters: [{ key: "", values: "" }] })).toMatchObject({
      awsProfile: null,
      region: null,
      document: null,
      reason: null,
      parameters: {},
    });
  });

  it("says what is wrong, field by field", () => {
    expect(Object.fromEntries(checkForm(EMPTY_FORM))).toEqual({
      name: "nameMissing",
      target: "targetMissing",
    });
    expect(Object.fromEntries(checkForm({ ...form, region: "Ireland", target: "web-1" }))).toEqual({
      region: "regionForm",
      target: "targetForm",
    });
    expect(checkForm({ ...form, name: "x".repeat(101) }).get("name")).toBe("nameLong");
    expect(checkForm({ ...form, reason: "x".repeat(257) }).get("reason")).toBe("reasonLong");
    const twice = [
      { key: "command", values: "a" },
      { key: "command ", values: "b" },
    ];
    expect(checkForm({ ...form, parameters: twice }).get("parameters")).toBe("parameterKeyTwice");
    expect(checkForm({ ...form, parameters: [{ key: "", values: "a" }] }).get("parameters")).toBe(
      "parameterKeyMissing",
    );
    expect(checkForm({ ...form, fontSize: "big" }).get("fontSize")).toBe("wholeNumber");
    expect(checkForm({ ...form, endpoints: "ssm" }).get("endpoints")).toBe("endpointForm");
    expect(checkForm(form).size).toBe(0);
  });

  it.each([
    "i-0123456789abcdef0",
    "i-12345678",
    "mi-0123456789abcdef0",
    "name:web 1",
    "tag:Role=web,Stage=",
    "asg:workers",
    "ecs:my-cluster_0123456789abcdef0123456789abcdef_0123456789abcdef0123456789abcdef-1234567890",
  ])("knows %s for a target", (target) => expect(isTarget(target)).toBe(true));

  it.each([
    "web-1",
    "name:",
    "tag:Role",
    "asg:",
    "10.0.0.1",
    "i-",
    "ecs:cluster",
    "i-0123 4567",
    "arn:aws:ec2:eu-west-1:1:instance/i-0",
  ])("does not take %s for a target", (target) => expect(isTarget(target)).toBe(false));
});
