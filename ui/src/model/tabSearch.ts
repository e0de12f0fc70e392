/** Finds tabs by what is typed: every word must be somewhere in a tab's names, ids, region or title. */
import { nameOf, panesIn, type Tab } from "./tabs";

const fold = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const textOf = (tab: Tab): string =>
  fold(
    [
      nameOf(tab),
      ...panesIn(tab).flatMap(({ session: { profile, remoteTitle, sessionId } }) => [
        profile.name,
        profile.target,
        profile.region ?? "",
        profile.awsProfile ?? "",
        remoteTitle,
        sessionId ?? "",
      ]),
    ].join("\n"),
  );

export function matchingTabs(list: readonly Tab[], typed: string): readonly Tab[] {
  const words = fold(typed).split(/\s+/).filter(Boolean);
  if (words.length === 0) return list;
  const found = list.filter((tab) => {
    const text = textOf(tab);
    return words.every((word) => text.includes(word));
  });
  // Those whose own name has it come first.
  const first = words[0] ?? "";
  const rank = (tab: Tab) => Number(!fold(nameOf(tab)).includes(first));
  return found.toSorted((one, other) => rank(one) - rank(other));
}
