import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { clipped } from "./clipped";

describe("clipped", () => {
  it("keeps the numbered end of long plain names apart", () => {
    expect(clipped("payments-api-node-12")).toEqual({ head: "payments-api-no", tail: "de-12" });
    expect(clipped("i-0a1b2c3d4e5f60718")).toEqual({ head: "i-0a1b2c3d4e5f", tail: "60718" });
  });

  it("leaves short names whole, and those whose beginning tells them apart", () => {
    for (const name of ["node-12", "api-1 production", "worker-01.batch.example"])
      expect(clipped(name)).toEqual({ head: name, tail: "" });
  });

  it("never parts at a space, in signs of several code points, or in what reads leftwards", () => {
    for (const name of [
      "Payments north 1234",
      "a long name with 👩🏽‍🚀",
      "東京リージョンの踏み台サーバー本番",
      "خادم الإنتاج الرئيسي server-1",
    ]) {
      expect(clipped(name)).toEqual({ head: name, tail: "" });
    }
  });

  it("loses nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { head, tail } = clipped(text);
        expect(head + tail).toBe(text);
      }),
    );
  });
});
