/** The profile form as data: what is typed, what is wrong with it, and the draft it makes. */
import type { ProfileColour } from "../generated/ProfileColour";
import type { ProfileDraft } from "../generated/ProfileDraft";

export interface ParameterRow {
  readonly key: string;
  /** One value per line. */
  readonly values: string;
}

export interface ProfileForm {
  readonly name: string;
  readonly awsProfile: string;
  readonly region: string;
  readonly target: string;
  readonly document: string;
  readonly parameters: readonly ParameterRow[];
  readonly reason: string;
  readonly colour: ProfileColour;
}

export type FormField = "name" | "region" | "target" | "document" | "parameters" | "reason";

/** What is wrong with a field; the catalogue has a sentence for each. */
export type FormProblem =
  | "nameMissing"
  | "nameLong"
  | "regionForm"
  | "targetMissing"
  | "targetForm"
  | "targetLong"
  | "documentForm"
  | "parameterKeyMissing"
  | "parameterKeyTwice"
  | "reasonLong";

export const COLOURS: readonly ProfileColour[] = [
  "none",
  "red",
  "orange",
  "yellow",
  "green",
  "teal",
  "blue",
  "purple",
  "pink",
];

export const EMPTY_FORM: ProfileForm = {
  name: "",
  awsProfile: "",
  region: "",
  target: "",
  document: "",
  parameters: [],
  reason: "",
  colour: "none",
};

export function formFrom(draft: ProfileDraft): ProfileForm {
  return {
    name: draft.name,
    awsProfile: draft.awsProfile ?? "",
    region: draft.region ?? "",
    target: draft.target,
    document: draft.document ?? "",
    parameters: Object.entries(draft.parameters).map(([key, values]) => ({ key, values: values.join("\n") })),
    reason: draft.reason ?? "",
    colour: draft.colour,
  };
}

const orNull = (text: string): string | null => (text.trim() === "" ? null : text.trim());

export function draftFrom(form: ProfileForm): ProfileDraft {
  const rows = form.parameters.filter(({ key, values }) => key.trim() !== "" || values.trim() !== "");
  return {
    name: form.name.trim(),
    awsProfile: orNull(form.awsProfile),
    region: orNull(form.region),
    target: form.target.trim(),
    document: orNull(form.document),
    parameters: Object.fromEntries(rows.map(({ key, values }) => [key.trim(), values.split("\n")])),
    reason: orNull(form.reason),
    colour: form.colour,
  };
}

/** Instance, hybrid node, or container: the three kinds of target that StartSession takes. */
const TARGET =
  /^(?:i-(?:[0-9a-f]{8}|[0-9a-f]{17})|mi-[0-9a-f]{17}|ecs:[A-Za-z0-9_-]+_[0-9a-f]{32}_[0-9a-f]{32}-\d+)$/;
const REGION = /^[a-z]{2,}(?:-[a-z]+)+-\d+$/;
const DOCUMENT = /^[A-Za-z0-9_.:/-]{3,}$/;

/** Empty where the form can be saved. */
export function checkForm(form: ProfileForm): ReadonlyMap<FormField, FormProblem> {
  const problems = new Map<FormField, FormProblem>();
  const { name, region, target, document, reason } = draftFrom(form);
  if (name === "") problems.set("name", "nameMissing");
  else if (Array.from(name).length > 100) problems.set("name", "nameLong");
  if (region !== null && !REGION.test(region)) problems.set("region", "regionForm");
  if (target === "") problems.set("target", "targetMissing");
  else if (target.length > 400) problems.set("target", "targetLong");
  else if (!isTarget(target)) problems.set("target", "targetForm");
  if (document !== null && !DOCUMENT.test(document)) problems.set("document", "documentForm");
  if (reason !== null && Array.from(reason).length > 256) problems.set("reason", "reasonLong");
  const keys = form.parameters.filter(({ key, values }) => key.trim() !== "" || values.trim() !== "");
  if (keys.some(({ key }) => key.trim() === "")) problems.set("parameters", "parameterKeyMissing");
  else if (new Set(keys.map(({ key }) => key.trim())).size < keys.length) {
    problems.set("parameters", "parameterKeyTwice");
  }
  return problems;
}

/** Whether a target has one of the known forms. Unusual ones of the same kinds are let through: the service decides. */
export function isTarget(target: string): boolean {
  return (
    TARGET.test(target) ||
    /^(?:i|mi)-[0-9A-Za-z]{4,}$/.test(target) ||
    /^ecs:[^\s_]+_[^\s_]+_\S+$/.test(target)
  );
}
