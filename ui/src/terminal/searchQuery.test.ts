import { describe, expect, it } from "vitest";

import { compileQuery, isEndless, type SearchQuery } from "./searchQuery";

const query = (text: string, more: Partial<SearchQuery> = {}): SearchQuery => ({
  text,
  regularExpression: false,
  matchCase: false,
  wholeWord: false,
  ...more,
});

const found = (line: string, text: string, more: Partial<SearchQuery> = {}): string[] => {
  const compiled = compileQuery(query(text, more));
  if (compiled.kind !== "ready") throw new Error(compiled.kind);
  return compiled.find(line).map(({ from, to }) => line.slice(from, to));
};

describe("a search query", () => {
  it("takes text as it is, in either case unless told", () => {
    expect(found("a.b A.B axb", "a.b")).toEqual(["a.b", "A.B"]);
    expect(found("a.b A.B axb", "a.b", { matchCase: true })).toEqual(["a.b"]);
    expect(found("1+1=2 [x] \\d {2}", "[x] \\d {2}")).toHaveLength(1);
    expect(found("ΣΊΣΥΦΟΣ σίσυφος", "σίσυφος")).toHaveLength(2);
  });

  it("finds every whole word of a line, also behind a match that is none", () => {
    expect(found("errors error error_x error", "error", { wholeWord: true })).toEqual(["error", "error"]);
    expect(found("naïve naïves", "naïve", { wholeWord: true })).toEqual(["naïve"]);
    expect(found("-x- x", "-x-", { wholeWord: true })).toEqual(["-x-"]);
  });

  it("runs regular expressions and passes over matches of nothing", () => {
    expect(found("id=12 id=345", "id=(\\d+)", { regularExpression: true })).toEqual(["id=12", "id=345"]);
    expect(found("baab", "a*", { regularExpression: true })).toEqual(["aa"]);
  });

  it("tells what is wrong with an expression", () => {
    const compiled = compileQuery(query("(a", { regularExpression: true }));
    expect(
      compiled.kind === "problem" && compiled.problem.kind === "invalid" && compiled.problem.message,
    ).toMatch(/group/i);
    expect(compileQuery(query("")).kind).toBe("nothing");
  });

  it("refuses expressions that a line can keep busy without end", () => {
    for (const endless of [
      "(a+)+",
      "(a*)*$",
      "([a-z]+)*x",
      "(\\w+\\s?)*$",
      "((a+)b?)+",
      "(.*|x)+",
      "(x|(a+))+",
      "(a{2,})+",
    ])
      expect(isEndless(endless), endless).toBe(true);
    for (const fine of [
      "a+b+",
      "(\\d+\\.)+\\d+",
      "(ab)+",
      "[(]+[)]+",
      "\\(+\\)+",
      "(?:GET|POST) /\\S*",
      "(a+)?",
      "(a{1,3})+",
      "x{3,}",
    ])
      expect(isEndless(fine), fine).toBe(false);
    expect(compileQuery(query("(a+)+$", { regularExpression: true }))).toEqual({
      kind: "problem",
      problem: { kind: "endless" },
    });
  });
});
