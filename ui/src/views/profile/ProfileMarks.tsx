import { FlaskConical, Hammer, Layers, ShieldAlert, Users } from "lucide-react";
import { Fragment } from "react";

import type { Profile } from "../../generated/Profile";
import { marked } from "../../model/profiles";
import { strings } from "../../strings";
import { testIds } from "../../testIds";

const ICONS = { production: ShieldAlert, staging: Layers, test: FlaskConical, development: Hammer } as const;

const isKnown = (environment: string): environment is keyof typeof ICONS => environment in ICONS;

/** What kind of place a profile leads to: a word and a shape, not a colour alone. */
export function EnvironmentBadge({ environment }: { readonly environment: string | null }) {
  if (environment === null) return null;
  const known = isKnown(environment);
  const Icon = known ? ICONS[environment] : null;
  return (
    <span
      className="badge environment"
      data-environment={environment}
      data-testid={testIds.environmentBadge}
      title={environment}
    >
      {Icon ? <Icon aria-hidden size={11} strokeWidth={2.25} /> : null}
      <span className="ellipsis">{known ? strings.tree.environments[environment] : environment}</span>
    </span>
  );
}

/** That a profile is a team's. */
export function TeamBadge({ profile: { origin } }: { readonly profile: Profile }) {
  if (origin.kind !== "team") return null;
  const changed = origin.overridden.some((name) => name !== "favourite" && name !== "folder");
  const label = (changed ? strings.tree.teamChanged : strings.tree.team)(origin.team);
  return (
    <span
      aria-label={label}
      className="badge team"
      data-changed={changed}
      data-testid={testIds.teamBadge}
      role="img"
      title={label}
    >
      <Users aria-hidden size={11} strokeWidth={2.25} />
    </span>
  );
}

/** A text with what was typed marked in it. */
export function Marked({ text, words }: { readonly text: string; readonly words: readonly string[] }) {
  return marked(text, words).map((part, index) =>
    // The key is the place: parts have no identity but their place
    index % 2 === 1 ? <mark key={index}>{part}</mark> : <Fragment key={index}>{part}</Fragment>,
  );
}
