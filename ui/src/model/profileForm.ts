/** The profile form as data: what is typed, what is wrong with it, and the draft it makes. */
import type { ProfileColour } from "../generated/ProfileColour";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { ProfileField } from "../generated/ProfileField";
import { EMPTY_DRAFT } from "./profiles";

export interface ParameterRow {
  readonly key: string;
  /** One value per line. */
  readonly values: string;
}

/** Where credentials come from. */
export type CredentialChoice = "aws" | "environment" | "keyring";

export interface ProfileForm {
  readonly name: string;
  readonly credentials: CredentialChoice;
  readonly awsProfile: string;
  readonly keyringEntry: string;
  readonly region: string;
  readonly target: string;
  readonly document: string;
  readonly parameters: readonly ParameterRow[];
  readonly reason: string;
  readonly colour: ProfileColour;
  readonly folder: string;
  /** With commas between them. */
  readonly tags: string;
  readonly environment: string;
  readonly notes: string;
  readonly favourite: boolean;
  readonly startupCommand: string;
  readonly user: string;
  readonly shell: string;
  readonly font: string;
  readonly fontSize: string;
  readonly theme: string;
  readonly scrollback: string;
  readonly proxy: string;
  readonly noProxy: string;
  readonly caBundle: string;
  /** One a line, as `service=URL`. */
  readonly endpoints: string;
}

export type FormField = ProfileField;

/** Parts of the form below what is seen first. */
export type Section = "organise" | "session" | "terminal" | "network";

export const SECTIONS: Readonly<Record<Section, readonly FormField[]>> = {
  organise: ["folder", "tags", "notes"],
  session: ["startupCommand", "document", "parameters", "reason"],
  terminal: ["font", "fontSize", "theme", "scrollback"],
  network: ["proxy", "noProxy", "caBundle", "endpoints"],
};

/** Kinds of places that have a word of their own; others are taken too. */
export const ENVIRONMENTS = ["production", "staging", "test", "development"] as const;

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
  | "wholeNumber"
  | "endpointForm"
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

const KEYRING = "keyring:";

export function formFrom(draft: ProfileDraft): ProfileForm {
  const text = (value: string | number | null) => (value === null ? "" : String(value));
  const { terminal, network, credentials } = draft;
  return {
    name: draft.name,
    credentials: credentials === null ? "aws" : credentials === "environment" ? "environment" : "keyring",
    awsProfile: text(draft.awsProfile),
    keyringEntry:
      credentials === null || credentials === "environment"
        ? ""
        : credentials.startsWith(KEYRING)
          ? credentials.slice(KEYRING.length)
          : credentials,
    region: text(draft.region),
    target: draft.target,
    document: text(draft.document),
    parameters: Object.entries(draft.parameters).map(([key, values]) => ({ key, values: values.join("\n") })),
    reason: text(draft.reason),
    colour: draft.colour,
    folder: draft.folder,
    tags: draft.tags.join(", "),
    environment: text(draft.environment),
    notes: text(draft.notes),
    favourite: draft.favourite,
    startupCommand: text(draft.startupCommand),
    user: text(draft.user),
    shell: text(draft.shell),
    font: text(terminal.font),
    fontSize: text(terminal.fontSize),
    theme: text(terminal.theme),
    scrollback: text(terminal.scrollback),
    proxy: text(network.proxy),
    noProxy: text(network.noProxy),
    caBundle: text(network.caBundle),
    endpoints: Object.entries(network.endpoints)
      .map(([service, url]) => `${service}=${url}`)
      .join("\n"),
  };
}

export const EMPTY_FORM: ProfileForm = formFrom(EMPTY_DRAFT);

const orNull = (text: string): string | null => (text.trim() === "" ? null : text.trim());
const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

function credentialsOf(form: ProfileForm): string | null {
  switch (form.credentials) {
    case "aws":
      return null;
    case "environment":
      return "environment";
    case "keyring":
      return KEYRING + form.keyringEntry.trim();
  }
}

export function draftFrom(form: ProfileForm): ProfileDraft {
  const rows = form.parameters.filter(({ key, values }) => key.trim() !== "" || values.trim() !== "");
  const number = (text: string) => (/^\d+$/.test(text.trim()) ? Number(text) : null);
  return {
    name: form.name.trim(),
    awsProfile: form.credentials === "aws" ? orNull(form.awsProfile) : null,
    region: orNull(form.region),
    target: form.target.trim(),
    document: orNull(form.document),
    parameters: Object.fromEntries(rows.map(({ key, values }) => [key.trim(), values.split("\n")])),
    reason: orNull(form.reason),
    colour: form.colour,
    folder: form.folder
      .split("/")
      .map((name) => name.trim())
      .filter(Boolean)
      .join("/"),
    tags: [...new Set(form.tags.split(",").map((tag) => tag.trim()))].filter(Boolean),
    environment: orNull(form.environment),
    notes: form.notes.trim() === "" ? null : form.notes,
    favourite: form.favourite,
    credentials: credentialsOf(form),
    startupCommand: orNull(form.startupCommand),
    user: orNull(form.user),
    shell: orNull(form.shell),
    terminal: {
      font: orNull(form.font),
      fontSize: number(form.fontSize),
      theme: orNull(form.theme),
      scrollback: number(form.scrollback),
    },
    network: {
      proxy: orNull(form.proxy),
      noProxy: orNull(form.noProxy),
      caBundle: orNull(form.caBundle),
      endpoints: Object.fromEntries(
        linesOf(form.endpoints).map((line): [string, string] => {
          const at = line.indexOf("=");
          return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
        }),
      ),
    },
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
  if (!wholeNumber(form.fontSize)) problems.set("fontSize", "wholeNumber");
  if (!wholeNumber(form.scrollback)) problems.set("scrollback", "wholeNumber");
  if (linesOf(form.endpoints).some((line) => !/^[a-z][a-z0-9-]*\s*=\s*https?:\/\/\S+$/.test(line)))
    problems.set("endpoints", "endpointForm");
  return problems;
}

const wholeNumber = (text: string) => /^\d{0,9}$/.test(text.trim());

/** Whether a target has one of the known forms. Unusual ones of the same kinds are let through: the service decides. */
export function isTarget(target: string): boolean {
  return (
    TARGET.test(target) ||
    /^(?:name|asg):\S.*$/.test(target) ||
    /^tag:[^=,]+=[^,]*(?:,[^=,]+=[^,]*)*$/.test(target) ||
    /^(?:i|mi)-[0-9A-Za-z]{4,}$/.test(target) ||
    /^ecs:[^\s_]+_[^\s_]+_\S+$/.test(target)
  );
}
