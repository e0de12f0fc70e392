/**
 * What the palette finds: connections, open tabs, actions and settings by what is typed, best first, and a new
 * connection for what looks like a target. Behind `>` actions and settings come first, else connections and tabs.
 */
import type { Profile } from "../generated/Profile";
import { strings } from "../strings";
import { type Action, type ActionEntry, ACTIONS } from "./actions";
import { APP_MENU, menuName, menuOwn, type OwnKind } from "./appMenu";
import { keymap } from "./bindings";
import { type Broadcast, candidates } from "./broadcast";
import {
  fold,
  type Folded,
  holds,
  isGood,
  narrows,
  parts,
  score,
  scoreWhole,
  type Word,
  wordsOf,
} from "./fuzzy";
import { MAX_PANES } from "./layout";
import { isTarget } from "./profileForm";
import { SETTING_SPECS } from "./settings";
import * as tabs from "./tabs";
import type { Tab, TabId, Tabs } from "./tabs";

/** What choosing an entry does. */
export type Does =
  | { readonly kind: "profile"; readonly profile: Profile }
  | { readonly kind: "target"; readonly target: string }
  | { readonly kind: "tab"; readonly tab: TabId }
  | { readonly kind: "action"; readonly action: Action }
  | { readonly kind: "own"; readonly own: OwnKind }
  /** Shows the settings, searched for these words. */
  | { readonly kind: "setting"; readonly search: string };

/** As people think of entries, in the order in which they stand. */
export type Kind = "recent" | "tab" | "profile" | "action" | "setting" | "target";

/** A text that an entry is found by. */
interface Field {
  readonly folded: Folded;
  /** An id or a sentence: letters that stand apart in it mean nothing. */
  readonly whole?: true;
  /** Found by, but not shown. */
  readonly hidden?: true;
}

export interface Entry {
  /** The same for as long as the thing is there, also at the next start where it is kept. */
  readonly id: string;
  readonly kind: Exclude<Kind, "recent">;
  /** The name first, then what stands behind it. */
  readonly fields: readonly [Field, ...Field[]];
  readonly does: Does;
  /** Whether it can be done now. */
  readonly possible: boolean;
  /** The key that does the same; empty where there is none. */
  readonly chord: string;
  /** The tab in front: one is there already. */
  readonly here?: true;
}

/** So many are shown; nobody reads on, and typing more finds the rest. */
export const SHOWN = 100;
/** So many that were used are remembered, and so many shown before anything is typed. */
export const MAX_RECENT = 50;
const SHOWN_RECENT = 6;

const text = strings.palette;

const named = (name: string): Field => ({ folded: fold(name) });
const behind = (...texts: readonly (string | null)[]): Field[] =>
  texts.filter((each) => each !== null && each !== "").map((each) => ({ folded: fold(each ?? "") }));
const idField = (id: string): Field => ({ folded: fold(id), whole: true });
const hidden = (...fields: readonly Field[]): Field[] =>
  fields.map((field) => ({ ...field, hidden: true as const }));

/** Besides its name; what has a badge of its own is not said again. */
const saidOf = ({ target, region, awsProfile, folder, tags, environment, notes }: Profile): Field[] => [
  ...behind(folder),
  idField(target),
  ...behind(region, awsProfile, ...tags),
  ...hidden(...behind(environment)),
  ...hidden(...(notes === null ? [] : [idField(notes)])),
];

/** What a connection is found by; once for as long as it stays the same. */
const known = new WeakMap<Profile, Entry>();

function profileEntry(profile: Profile): Entry {
  let entry = known.get(profile);
  if (!entry) {
    entry = {
      id: `profile:${profile.id}`,
      kind: "profile",
      fields: [
        named(profile.name),
        ...(profile.builtIn ? behind(strings.sidebar.localTarget) : saidOf(profile)),
      ],
      does: { kind: "profile", profile },
      possible: true,
      chord: "",
    };
    known.set(profile, entry);
  }
  return entry;
}

function tabEntry(tab: Tab, active: TabId | null): Entry {
  const session = tabs.sessionOf(tab);
  const profile = session?.profile;
  return {
    id: `tab:${tab.id}`,
    kind: "tab",
    fields: [
      named(tabs.nameOf(tab) || strings.start.tab),
      ...behind(session?.remoteTitle ?? null),
      ...(profile && !profile.builtIn ? [idField(profile.target), ...behind(profile.region)] : []),
      ...hidden(...behind(profile?.environment ?? null)),
      ...hidden(...(session?.sessionId ? [idField(session.sessionId)] : [])),
    ],
    does: { kind: "tab", tab: tab.id },
    possible: true,
    chord: "",
    ...(tab.id === active ? { here: true } : {}),
  };
}

/** What decides whether an action can be done. */
export interface Situation {
  readonly tabs: Tabs;
  readonly broadcast: Broadcast;
  /** Whether there is a terminal in front, and something selected in it. */
  readonly terminal: boolean;
  readonly selection: boolean;
}

/** Whether an action can be done now; what is not known here is left to be tried. */
export function isPossible(
  action: Action,
  { tabs: all, broadcast, terminal, selection }: Situation,
): boolean {
  const front = tabs.activeTab(all);
  const panes = tabs.panesIn(front);
  switch (action.kind) {
    case "closeTab":
      return front !== undefined;
    case "duplicateTab":
    case "restart":
    case "renameTab":
    case "pinTab":
      return panes.length > 0;
    case "splitPane":
      return panes.length > 0 && panes.length < MAX_PANES;
    case "closeOthers":
      return front !== undefined && tabs.othersOf(all, front.id).length > 0;
    case "closeToRight":
      return front !== undefined && tabs.rightOf(all, front.id).length > 0;
    case "reopenTab":
      return all.closed.length > 0;
    case "searchTabs":
    case "switchTab":
    case "moveTab":
      return all.list.length > 1;
    case "goToTab":
      return all.list.length > 1 && tabs.activateNumber(all, action.number) !== null;
    case "startAll":
      return all.list.some((tab) => tabs.panesIn(tab).some(({ session }) => tabs.isIdle(session)));
    case "focusPane":
      return tabs.focusTowards(all, action.direction) !== null;
    case "zoomPane":
    case "resizePane":
    case "detachPane":
      return panes.length > 1;
    case "toggleBroadcast":
      return broadcast !== null || candidates(all).length > 1;
    case "copy":
      return selection;
    case "paste":
    case "selectAll":
    case "clear":
    case "find":
    case "links":
    case "readText":
    case "toggleReadOnly":
    case "toggleRecording":
    case "prompt":
    case "saveText":
    case "copyAll":
    case "resetTerminal":
    case "scroll":
      return terminal;
    default:
      return true;
  }
}

/** What would do nothing but what has been done already. */
const SELF: readonly Action["kind"][] = ["showPalette", "quickConnect"];

function actionEntries(situation: Situation, mac: boolean): Entry[] {
  const all: readonly ActionEntry[] = ACTIONS;
  const keys = keymap(mac);
  const catalogue = all.flatMap(({ id, name, group, action }): Entry[] => {
    const possible = isPossible(action, situation);
    // Numbers without a tab are no action that anybody misses.
    if (SELF.includes(action.kind) || (action.kind === "goToTab" && !possible)) return [];
    return [
      {
        id: `action:${id}`,
        kind: "action",
        fields: [named(name), ...behind(strings.actions.groups[group])],
        does: { kind: "action", action },
        possible,
        chord: keys.bindingsOf(id)[0]?.chord ?? "",
      },
    ];
  });
  const menu = APP_MENU.flatMap((section) =>
    section.entries.flatMap((entry): Entry[] => {
      const own = menuOwn(entry);
      if (own === null) return [];
      return [
        {
          id: `action:${own}`,
          kind: "action",
          fields: [named(menuName(entry)), ...behind(strings.desktop.sections[section.id])],
          does: { kind: "own", own },
          possible: true,
          chord: "",
        },
      ];
    }),
  );
  return [...catalogue, ...menu];
}

function settingEntries(): Entry[] {
  const { sections, items } = strings.settings;
  const entry = (key: string, name: string, section: string, told: readonly Field[]): Entry => ({
    id: `setting:${key}`,
    kind: "setting",
    fields: [named(name), ...behind(section), ...told, ...hidden(idField(key))],
    does: { kind: "setting", search: name },
    possible: true,
    chord: "",
  });
  return [
    ...SETTING_SPECS.map(({ key, section }) =>
      entry(key, items[key][0], sections[section], [idField(items[key][1])]),
    ),
    // Of these there are no single settings.
    ...(["themes", "keys"] as const).map((section) =>
      entry(section, sections[section], strings.settings.title, []),
    ),
  ];
}

/** Everything that can be found. */
export function entriesOf(
  profiles: readonly Profile[],
  situation: Situation,
  mac: boolean,
): readonly Entry[] {
  return [
    ...situation.tabs.list.map((tab) => tabEntry(tab, situation.tabs.active)),
    ...profiles.map(profileEntry),
    ...actionEntries(situation, mac),
    ...settingEntries(),
  ];
}

/** What is typed that could be connected to: an instance, a node, a container, or a rule such as a name. */
export function targetIn(typed: string): string | null {
  const target = typed.trim();
  return isTarget(target) ? target : null;
}

const targetEntry = (target: string): Entry => ({
  id: "target",
  kind: "target",
  fields: [named(text.newProfileFor(target))],
  does: { kind: "target", target },
  possible: true,
  chord: "",
});

/** An entry with what is shown of it; every second part of a text is what was typed. */
export interface Found {
  readonly entry: Entry;
  readonly name: readonly string[];
  readonly behind: readonly (readonly string[])[];
}

export interface Group {
  /** Null where the entries stand by how well they fit, whatever they are. */
  readonly kind: Kind | null;
  readonly found: readonly Found[];
}

export interface Findings {
  readonly groups: readonly Group[];
  /** How many there are, of which some may not be shown. */
  readonly total: number;
}

/** `>` asks for actions. */
export const isForActions = (typed: string): boolean => typed.trimStart().startsWith(">");
const searched = (typed: string): string => (isForActions(typed) ? typed.trimStart().slice(1) : typed);

const ORDER: Readonly<Record<"actions" | "connections", readonly Entry["kind"][]>> = {
  actions: ["action", "setting", "tab", "profile"],
  connections: ["tab", "profile", "action", "setting"],
};

const scoreOf = (word: Word, { folded, whole }: Field, places?: number[]): number | null =>
  whole ? scoreWhole(word, folded, places) : score(word, folded, places);

const mayHold = (word: Word, { folded, whole }: Field): boolean =>
  whole ? folded.plain.includes(word.plain) : holds(word, folded);

/** So much less counts what is not the name. */
const BEHIND = 4;
/** So much more counts what was used last. */
const RECENT = 12;

interface Rank {
  readonly entry: Entry;
  readonly good: boolean;
  readonly score: number;
}

/** The field that a word fits best, and how well; null where it fits none, and `held` tells whether typing on may. */
function bestField(
  entry: Entry,
  word: Word,
): { readonly index: number; readonly score: number } | "held" | null {
  let best: { index: number; score: number } | null = null;
  let held = false;
  let index = 0;
  for (const field of entry.fields) {
    if (mayHold(word, field)) {
      held = true;
      const here = scoreOf(word, field);
      const score = here === null ? null : here - (index === 0 ? 0 : BEHIND);
      if (score !== null && (best === null || score > best.score)) best = { index, score };
    }
    // Where the name fits, nobody looks further.
    if (index === 0 && best !== null && isGood(best.score, word)) break;
    index += 1;
  }
  return best ?? (held ? "held" : null);
}

/** How well an entry fits all words; null where it cannot, `held` where typing on may make it fit. */
function rank(entry: Entry, words: readonly Word[]): Rank | "held" | null {
  let sum = 0;
  let good = true;
  let held = false;
  for (const word of words) {
    const best = bestField(entry, word);
    if (best === null) return null;
    if (best === "held") {
      held = true;
      continue;
    }
    sum += best.score;
    good &&= isGood(best.score, word);
  }
  // Of two that fit the same, the one that is not much more.
  return held ? "held" : { entry, good, score: sum - entry.fields[0].folded.plain.length / 64 };
}

/** Cuts the texts of an entry where words match them. */
function shown(entry: Entry, words: readonly Word[]): Found {
  const places = entry.fields.map((): number[] => []);
  for (const word of words) {
    const best = bestField(entry, word);
    if (best === null || best === "held") continue;
    const field = entry.fields[best.index];
    if (field) scoreOf(word, field, places[best.index]);
  }
  const [name = [], ...rest] = entry.fields.map((field, index) => parts(field.folded, places[index] ?? []));
  return { entry, name, behind: rest.filter((_, index) => !entry.fields[index + 1]?.hidden) };
}

/** Tabs and connections are one to those who look for a machine; so are actions and settings. */
const tierOf = ({ kind }: Entry, order: readonly Entry["kind"][]): number =>
  Math.floor(Math.max(0, order.indexOf(kind)) / 2);

/** Looks through entries as somebody types; what was found is where the next character is looked for. */
export class PaletteSearch {
  readonly #entries: readonly Entry[];
  readonly #used: ReadonlyMap<string, number>;
  #words: readonly Word[] = [];
  #candidates: readonly Entry[];

  /** `recent` are ids of actions and settings, `opened` those of profiles, each the last used first. */
  constructor(entries: readonly Entry[], recent: readonly string[], opened: readonly string[]) {
    this.#entries = entries;
    this.#candidates = entries;
    const profiles = opened.slice(0, MAX_RECENT).map((id) => `profile:${id}`);
    this.#used = new Map([profiles, recent].flatMap((ids) => ids.map((id, index) => [id, index] as const)));
  }

  find(typed: string): Findings {
    const order = ORDER[isForActions(typed) ? "actions" : "connections"];
    const words = wordsOf(searched(typed));
    return words.length === 0 ? this.#all(order) : this.#matching(words, searched(typed), order);
  }

  /** Before anything is typed: what was used last, then everything by its kind. */
  #all(order: readonly Entry["kind"][]): Findings {
    const possible = this.#entries.filter((each) => each.possible && !each.here);
    const first = order[0] === "action" ? ["action", "setting"] : ["profile"];
    const recent = possible
      .filter(({ id, kind }) => this.#used.has(id) && first.includes(kind))
      .sort((one, other) => this.#usedAt(one) - this.#usedAt(other))
      .slice(0, SHOWN_RECENT);
    let room = SHOWN - recent.length;
    const groups: Group[] = [];
    if (recent.length > 0) groups.push({ kind: "recent", found: recent.map((each) => shown(each, [])) });
    for (const kind of order) {
      const some = possible.filter((each) => each.kind === kind && !recent.includes(each)).slice(0, room);
      room -= some.length;
      if (some.length > 0) groups.push({ kind, found: some.map((each) => shown(each, [])) });
    }
    return { groups, total: possible.length };
  }

  #matching(words: readonly Word[], typed: string, order: readonly Entry["kind"][]): Findings {
    const among = narrows(words, this.#words) ? this.#candidates : this.#entries;
    const candidates: Entry[] = [];
    const ranked: (Rank & { readonly place: number })[] = [];
    for (const entry of among) {
      const one = rank(entry, words);
      if (one === null) continue;
      candidates.push(entry);
      if (one === "held") continue;
      const used = this.#used.get(entry.id);
      // Good ones by their kind, then those that are a guess; what cannot be done comes last of its like.
      const place = (one.good ? 0 : 100) + (entry.possible ? 0 : 10) + tierOf(entry, order);
      const more = used === undefined ? 0 : RECENT * (1 - used / MAX_RECENT);
      ranked.push({ entry, good: one.good, score: one.score + more, place });
    }
    this.#words = words;
    this.#candidates = candidates;
    ranked.sort((one, other) => one.place - other.place || other.score - one.score);
    const target = targetIn(typed);
    const hits = ranked.slice(0, SHOWN).map(({ entry }) => shown(entry, words));
    if (target !== null) {
      // Connections to exactly this are there already, and come first.
      const same = (each: Found) =>
        each.entry.does.kind === "profile" && each.entry.does.profile.target === target;
      const made = shown(targetEntry(target), []);
      const all = [...hits.filter(same), made, ...hits.filter((each) => !same(each))].slice(0, SHOWN);
      return { groups: [{ kind: null, found: all }], total: ranked.length + 1 };
    }
    return { groups: hits.length > 0 ? [{ kind: null, found: hits }] : [], total: ranked.length };
  }

  #usedAt({ id }: Entry): number {
    return this.#used.get(id) ?? MAX_RECENT;
  }
}

/** What was used, with one more in front. Of connections the store knows it; tabs are other ones at the next start. */
export const withUsed = (recent: readonly string[], { id, kind }: Entry): readonly string[] =>
  kind === "action" || kind === "setting"
    ? [id, ...recent.filter((each) => each !== id)].slice(0, MAX_RECENT)
    : recent;
