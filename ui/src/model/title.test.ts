import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cleanTitle } from "./title";

describe("cleanTitle", () => {
  it("keeps ordinary titles", () => {
    expect(cleanTitle("ssm-user@ip-10-0-0-7: ~/src")).toBe("ssm-user@ip-10-0-0-7: ~/src");
    expect(cleanTitle("漢字 — vim 😀")).toBe("漢字 — vim 😀");
  });

  it("removes controls, bidirectional marks and zero-width characters", () => {
    expect(cleanTitle("a\x1b]0;b\x07c\u202ed\u200be\u2066f\ufeffg\x9bh")).toBe("a]0;bcdefgh");
  });

  it("makes white space of any kind one blank", () => {
    expect(cleanTitle(" a\n\n b\u2028\u00a0\tc ")).toBe("a b c");
  });

  it("holds at most 200 characters, and never half of one", () => {
    expect(Array.from(cleanTitle("😀".repeat(1000)))).toHaveLength(200);
    expect(cleanTitle("x".repeat(10_000_000))).toHaveLength(200);
  });

  it("lets no stack of combining marks climb out of its line", () => {
    expect(cleanTitle(`a${"\u0301".repeat(100)}`)).toBe("a\u0301\u0301");
  });

  it("holds nothing unshowable whatever comes in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (raw) => {
        const title = cleanTitle(raw);
        expect(title).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
        expect(Array.from(title).length).toBeLessThanOrEqual(200);
      }),
      { numRuns: 5_000 },
    );
  });
});
