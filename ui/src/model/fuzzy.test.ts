import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { fold, holds, isGood, narrows, parts, score, scoreWhole, type Word, wordsOf } from "./fuzzy";

const word = (typed: string): Word => {
  const [first] = wordsOf(typed);
  if (!first) throw new Error("nothing typed");
  return first;
};
const of = (typed: string, text: string): number => score(word(typed), fold(text)) ?? 0;
const shown = (typed: string, text: string): string => {
  const places: number[] = [];
  const folded = fold(text);
  score(word(typed), folded, places);
  return parts(folded, places)
    .map((part, index) => (index % 2 === 1 ? `[${part}]` : part))
    .join("");
};

describe("a match", () => {
  it("is better at the beginnings of words than within them", () => {
    expect(of("re", "Postgres replica")).toBeGreaterThan(of("re", "Postgres store"));
    expect(of("p", "production")).toBeGreaterThan(of("p", "api"));
    expect(shown("pr", "Postgres replica")).toBe("[P]ostgres [r]eplica");
    expect(shown("rep", "Postgres replica")).toBe("Postgres [rep]lica");
  });

  it("is better in one run than in pieces", () => {
    expect(of("prod", "api production")).toBeGreaterThan(of("prod", "Postgres road"));
    expect(shown("api", "a pipe in the api")).toBe("a pipe in the [api]");
  });

  it("knows the humps of names and where numbers begin", () => {
    expect(shown("cmd", "ConfigurationManagementDatabase")).toBe("[C]onfiguration[M]anagement[D]atabase");
    expect(shown("w2", "worker-12 web2")).toBe("worker-12 [w]eb[2]");
  });

  it("does not mind capitals, and prefers what is typed as written", () => {
    expect(of("API", "api-1")).toBeGreaterThan(0);
    expect(of("API", "API-1")).toBeGreaterThan(of("API", "api-1"));
  });

  it("does not mind diacritics on either side, and marks whole characters", () => {
    expect(shown("zazolc", "Zażółć gęślą")).toBe("[Zażółć] gęślą");
    expect(shown("Müller", "muller")).toBe("[muller]");
    expect(shown("strasse", "Hauptstraße")).toBe("Haupt[straße]");
    expect(shown("e", "Cafe\u0301")).toBe("Caf[e\u0301]");
    expect(shown("サーバー", "東京サーバー")).toBe("東京[サーバー]");
  });

  it("is none where a character is missing, or where it would be chance", () => {
    expect(score(word("apix"), fold("api-1"))).toBeNull();
    expect(score(word("ba"), fold("ab"))).toBeNull();
    expect(score(word("xyz"), fold(`x${"-".repeat(60)}y${"-".repeat(60)}z`))).toBeNull();
  });

  it("is good where nobody would wonder about it", () => {
    const good = (typed: string, text: string) => isGood(of(typed, text), word(typed));
    expect(good("prod", "api production")).toBe(true);
    expect(good("ap", "api production")).toBe(true);
    expect(good("dcn", "api production")).toBe(false);
  });
});

describe("ids", () => {
  it("are matched in one piece only", () => {
    const id = fold("i-0a1b2c3d4e5f60718");
    expect(scoreWhole(word("1b2c"), id)).toBeGreaterThan(0);
    expect(scoreWhole(word("I-0A"), id)).toBeGreaterThan(0);
    expect(scoreWhole(word("abcd"), id)).toBeNull();
  });
});

describe("typing on", () => {
  it("only narrows what was found", () => {
    expect(narrows(wordsOf("api pr"), wordsOf("api p"))).toBe(true);
    expect(narrows(wordsOf("api p"), wordsOf("api"))).toBe(true);
    expect(narrows(wordsOf("ap"), wordsOf("api"))).toBe(false);
    expect(narrows(wordsOf("pr api"), wordsOf("api"))).toBe(false);
    fc.assert(
      fc.property(
        fc.string(),
        fc.string({ maxLength: 6 }),
        fc.string({ maxLength: 3 }),
        (text, typed, more) => {
          const [before] = wordsOf(typed);
          const [after] = wordsOf(typed + more);
          if (!before || !after || !narrows([after], [before]) || !holds(after, fold(text))) return;
          expect(holds(before, fold(text))).toBe(true);
        },
      ),
    );
  });
});

it("marks exactly what was typed, and loses nothing of the text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.string({ maxLength: 5 }),
      (text, typed) => {
        const [wanted] = wordsOf(typed);
        if (!wanted) return;
        const folded = fold(text);
        const places: number[] = [];
        if (score(wanted, folded, places) === null) return;
        expect(parts(folded, places).join("")).toBe(text);
        const matched = places.toReversed().map((unit) => folded.plain.charAt(unit));
        expect(matched.join("")).toBe(wanted.plain);
        expect(places.toReversed()).toEqual([...places].sort((one, other) => one - other));
      },
    ),
  );
});
