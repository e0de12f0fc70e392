/** What connections of the page's own backend ask when they start: one of several nodes, or a reason. */
import type { NodeChoice } from "../generated/NodeChoice";
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import type { QuestionAbout } from "../generated/QuestionAbout";
import { EMPTY_DRAFT } from "../model/profiles";

const MOST_REASON = 256;

const node = (index: number, name: string, more: Partial<NodeChoice> = {}): NodeChoice => ({
  id: `i-0a1b2c3d4e5f6${String(7000 + index)}`,
  name: `${name}.eu-central-1.compute.internal`,
  ipAddress: `10.20.${String(index)}.14`,
  platform: "Amazon Linux 2023",
  pingStatus: "Online",
  isOnline: true,
  ...more,
});

const WEB: NodeChoice[] = [
  node(1, "web-1"),
  node(2, "web-2", { platform: "Ubuntu 24.04" }),
  node(3, "web-3", { pingStatus: "ConnectionLost", isOnline: false }),
];

const WORKERS: NodeChoice[] = Array.from({ length: 40 }, (_, index) =>
  node(10 + index, `worker-${String(index + 1).padStart(2, "0")}`),
);

const connection = (name: string, more: Partial<ProfileDraft>): ProfileDraft => ({
  ...EMPTY_DRAFT,
  name,
  region: "eu-central-1",
  target: "i-0a1b2c3d4e5f60718",
  colour: "blue",
  ...more,
});

/** For the scene "rules". */
export const RULES: readonly ProfileDraft[] = [
  connection("Web servers", { target: "tag:Role=web,Stage=prod" }),
  connection("Batch workers", { target: "asg:workers", colour: "teal" }),
  connection("Audited database", { reason: "{user}: {ask}", colour: "red" }),
];

/** Which node, where the target leads to several. */
export function nodeQuestion({ name, target }: Profile): QuestionAbout | null {
  const nodes = target.startsWith("tag:Role=web") ? WEB : target.startsWith("asg:") ? WORKERS : null;
  return nodes && { kind: "chooseNode", connection: name, rule: target, nodes };
}

/** Why, where the reason has a place for it. */
export function reasonQuestion({ name, reason }: Profile): QuestionAbout | null {
  if (!reason?.includes("{ask}")) return null;
  const preview = reason.replace("{user}", "ana").replace("{ask}", "…");
  return { kind: "reason", connection: name, preview, mostChars: MOST_REASON - preview.length + 1 };
}
