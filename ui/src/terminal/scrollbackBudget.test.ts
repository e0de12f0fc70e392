import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { lineBytes, overBudget, type ScrollbackUse } from "./scrollbackBudget";

const use = (id: string, more: Partial<ScrollbackUse> = {}): ScrollbackUse => ({
  id,
  cols: 100,
  lines: 10_000,
  visible: false,
  seenAt: 0,
  ...more,
});
const LINE = lineBytes(100);

describe("the scrollback budget", () => {
  it("takes nothing while everything fits", () => {
    expect(overBudget([use("a"), use("b")], 20_000 * LINE).size).toBe(0);
  });

  it("takes from the terminal that has been out of sight the longest, and no more than needed", () => {
    const uses = [use("new", { seenAt: 9 }), use("old", { seenAt: 1 }), use("front", { visible: true })];
    expect([...overBudget(uses, 28_000 * LINE)]).toEqual([["old", 8_000]]);
  });

  it("goes on to the next oldest once the first has only what it always keeps", () => {
    const uses = [use("new", { seenAt: 9 }), use("old", { seenAt: 1 }), use("front", { visible: true })];
    expect([...overBudget(uses, 18_000 * LINE)]).toEqual([
      ["old", 200],
      ["new", 7_800],
    ]);
  });

  it("takes from what is in sight last, and leaves it something to read", () => {
    const uses = [use("hidden"), use("front", { visible: true })];
    expect([...overBudget(uses, 0)]).toEqual([
      ["hidden", 200],
      ["front", 1_000],
    ]);
  });

  it("never gives lines, never takes what is always kept, and ends within the budget where that can be", () => {
    const uses = fc.array(
      fc.record({
        cols: fc.integer({ min: 1, max: 400 }),
        lines: fc.integer({ min: 0, max: 50_000 }),
        visible: fc.boolean(),
        seenAt: fc.nat(1000),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(uses, fc.nat(500_000_000), (some, budget) => {
        const all = some.map((each, index) => ({ id: String(index), ...each }));
        const limits = overBudget(all, budget);
        const kept = all.map((each) => ({ ...each, lines: limits.get(each.id) ?? each.lines }));
        kept.forEach((each, index) => {
          const before = all[index]?.lines ?? 0;
          expect(each.lines).toBeLessThanOrEqual(before);
          expect(each.lines).toBeGreaterThanOrEqual(Math.min(before, each.visible ? 1_000 : 200));
        });
        const total = kept.reduce((sum, { cols, lines }) => sum + lines * lineBytes(cols), 0);
        const least = all.reduce(
          (sum, { cols, lines, visible }) => sum + Math.min(lines, visible ? 1_000 : 200) * lineBytes(cols),
          0,
        );
        expect(total).toBeLessThanOrEqual(Math.max(budget, least));
      }),
    );
  });
});
