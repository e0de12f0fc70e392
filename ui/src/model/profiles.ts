/** Saved connections as data. */
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";

/** A connection of which nothing has been said. */
export const EMPTY_DRAFT: ProfileDraft = {
  name: "",
  awsProfile: null,
  region: null,
  target: "",
  document: null,
  parameters: {},
  reason: null,
  colour: "none",
  folder: "",
  tags: [],
  environment: null,
  notes: null,
  favourite: false,
  credentials: null,
  startupCommand: null,
  user: null,
  shell: null,
  terminal: { font: null, fontSize: null, theme: null, scrollback: null },
  network: { proxy: null, noProxy: null, caBundle: null, endpoints: {} },
};

/** What was said of a connection, without what it is. */
export function draftOf(profile: Profile): ProfileDraft {
  const draft: ProfileDraft & Partial<Profile> = { ...profile };
  delete draft.id;
  delete draft.builtIn;
  delete draft.origin;
  return draft;
}

export const isProduction = ({ environment }: ProfileDraft): boolean => environment === "production";
/** Every word typed must occur in what is said of a connection. Keeps the order. */
export function filterProfiles(profiles: readonly Profile[], typed: string): readonly Profile[] {
  const words = wordsOf(typed);
  return words.length === 0 ? profiles : profiles.filter((profile) => matches(profile, words));
}

export const wordsOf = (typed: string): readonly string[] =>
  typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);

/** What a connection is found by, once for as long as it stays the same. */
const texts = new WeakMap<Profile, string>();

function textOf(profile: Profile): string {
  let text = texts.get(profile);
  if (text === undefined) {
    const { name, target, awsProfile, region, folder, tags, environment, notes, origin } = profile;
    const team = origin.kind === "team" ? origin.team : "";
    text = [
      name,
      target,
      awsProfile ?? "",
      region ?? "",
      folder,
      ...tags,
      environment ?? "",
      notes ?? "",
      team,
    ]
      .join("\n")
      .toLocaleLowerCase();
    texts.set(profile, text);
  }
  return text;
}

/** `words` as {@link wordsOf} gives them. */
export function matches(profile: Profile, words: readonly string[]): boolean {
  const text = textOf(profile);
  return words.every((word) => text.includes(word));
}

/** A text cut where a word begins or ends; every second part, from the second on, is part of a match. */
export function marked(text: string, words: readonly string[]): readonly string[] {
  if (words.length === 0) return [text];
  const lower = text.toLocaleLowerCase();
  // Where lower case has another length, places cannot be told.
  if (lower.length !== text.length) return [text];
  const hit = new Uint8Array(text.length);
  for (const word of words) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + 1))
      hit.fill(1, at, at + word.length);
  }
  const parts: string[] = [];
  let from = 0;
  let inside = 0;
  for (let at = 0; at <= text.length; at += 1) {
    if (at < text.length && hit[at] === inside) continue;
    parts.push(text.slice(from, at));
    from = at;
    inside = 1 - inside;
  }
  return parts;
}
