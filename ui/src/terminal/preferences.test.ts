import { describe, expect, it } from "vitest";

import { DEFAULT_TERMINAL_PREFERENCES, withinLimits } from "./preferences";

describe("withinLimits", () => {
  it("leaves what makes sense alone", () => {
    expect(withinLimits(DEFAULT_TERMINAL_PREFERENCES)).toEqual(DEFAULT_TERMINAL_PREFERENCES);
  });

  it("brings every number back to what a terminal can take", () => {
    const wild = {
      ...DEFAULT_TERMINAL_PREFERENCES,
      fontSize: 0,
      lineHeight: Number.NaN,
      scrollback: 1e12,
      minimumContrast: -3,
      fontWeight: Number.POSITIVE_INFINITY,
    };
    expect(withinLimits(wild)).toEqual({
      ...DEFAULT_TERMINAL_PREFERENCES,
      fontSize: 6,
      lineHeight: 1,
      scrollback: 1_000_000,
      minimumContrast: 1,
      fontWeight: 400,
    });
  });
});
