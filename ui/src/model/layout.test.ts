import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  type Axis,
  dividerBeside,
  dividersOf,
  evened,
  type Layout,
  MIN_SHARE,
  moveDivider,
  neighbour,
  panesOf,
  readLayout,
  rectsOf,
  removePane,
  single,
  splitPane,
} from "./layout";

/** a | (b over c) */
const THREE = splitPane(splitPane(single("a"), "a", "b", "row"), "b", "c", "column");

const rect = (layout: Layout, id: string) => {
  const { left, top, width, height } = rectsOf(layout).get(id) ?? expect.fail(`no ${id}`);
  return [left, top, width, height];
};

/** A layout made as a person makes one. */
const grown = fc
  .array(fc.record({ at: fc.nat(), axis: fc.constantFrom<Axis>("row", "column") }), { maxLength: 12 })
  .map((steps) =>
    steps.reduce<Layout>((layout, { at, axis }, index) => {
      const panes = panesOf(layout);
      return splitPane(layout, panes[at % panes.length] ?? "p", `p${index}`, axis);
    }, single("p")),
  );

describe("splitting and closing", () => {
  it("halves a pane", () => {
    expect(rect(THREE, "a")).toEqual([0, 0, 0.5, 1]);
    expect(rect(THREE, "b")).toEqual([0.5, 0, 0.5, 0.5]);
    expect(rect(THREE, "c")).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it("keeps one split for panes in one row", () => {
    const row = splitPane(splitPane(single("a"), "a", "b", "row"), "b", "c", "row");
    expect(row).toMatchObject({ axis: "row", parts: [{ share: 0.5 }, { share: 0.25 }, { share: 0.25 }] });
  });

  it("gives a closed pane's room to its neighbours, and nothing is left after the last", () => {
    expect(rect(removePane(THREE, "b") ?? expect.fail(), "c")).toEqual([0.5, 0, 0.5, 1]);
    expect(removePane(THREE, "a")).toMatchObject({ kind: "split", axis: "column" });
    expect(removePane(single("a"), "a")).toBeNull();
    expect(removePane(THREE, "nobody")).toEqual(THREE);
  });

  it("covers the whole without a gap or an overlap, whatever is split and closed", () => {
    fc.assert(
      fc.property(grown, fc.nat(), (layout, at) => {
        const panes = panesOf(layout);
        for (const each of [layout, removePane(layout, panes[at % panes.length] ?? "")]) {
          if (!each) continue;
          const rects = [...rectsOf(each).values()];
          const area = rects.reduce((all, { width, height }) => all + width * height, 0);
          expect(area).toBeCloseTo(1);
          for (const { width, height } of rects) expect(Math.min(width, height)).toBeGreaterThan(0);
          expect(dividersOf(each).length).toBe(countDividers(each));
        }
      }),
    );
  });
});

const countDividers = (layout: Layout): number =>
  layout.kind === "pane"
    ? 0
    : layout.parts.reduce((all, { node }) => all + countDividers(node), layout.parts.length - 1);

describe("dividers", () => {
  it("move what is before and after them only, and never close a pane", () => {
    const four = splitPane(THREE, "c", "d", "column");
    const column = dividersOf(four).filter(({ axis }) => axis === "column");
    expect(column.map(({ path, index }) => [path, index])).toEqual([
      [[1], 0],
      [[1], 1],
    ]);
    const moved = moveDivider(four, [1], 1, 0.9);
    expect(rect(moved, "b")).toEqual(rect(four, "b"));
    expect(rect(moved, "c")[3]).toBeCloseTo(0.45);
    const most = moveDivider(four, [], 0, 7);
    expect(rect(most, "b")[2]).toBeCloseTo(MIN_SHARE);
    expect(moveDivider(four, [], 0, Number.NaN)).toBe(four);
    expect(moveDivider(four, [9], 0, 0.5)).toBe(four);
  });

  it("are found from each pane", () => {
    expect(dividerBeside(THREE, "a")).toMatchObject({ axis: "row", at: 0.5 });
    expect(dividerBeside(THREE, "b")).toMatchObject({ axis: "column", at: 0.5 });
    expect(dividerBeside(THREE, "c")).toMatchObject({ axis: "row", at: 0.5 });
    expect(dividerBeside(single("a"), "a")).toBeNull();
  });

  it("are in the middle again once all is even", () => {
    expect(rect(evened(moveDivider(THREE, [], 0, 0.8)), "a")).toEqual([0, 0, 0.5, 1]);
  });
});

describe("neighbours", () => {
  it("are those across the edge, the one that shares most of it", () => {
    const tall = moveDivider(THREE, [1], 0, 0.7);
    expect(neighbour(tall, "a", "right")).toBe("b");
    expect(neighbour(moveDivider(THREE, [1], 0, 0.3), "a", "right")).toBe("c");
    expect(neighbour(tall, "b", "down")).toBe("c");
    expect(neighbour(tall, "c", "up")).toBe("b");
    expect(neighbour(tall, "c", "left")).toBe("a");
    expect(neighbour(tall, "a", "left")).toBeNull();
    expect(neighbour(tall, "a", "up")).toBeNull();
  });

  it("lead somewhere else or nowhere", () => {
    fc.assert(
      fc.property(grown, fc.constantFrom("left", "right", "up", "down"), (layout, direction) => {
        for (const id of panesOf(layout)) expect(neighbour(layout, id, direction)).not.toBe(id);
      }),
    );
  });
});

describe("reading", () => {
  it("gives back what was written", () => {
    fc.assert(
      fc.property(grown, (layout) => {
        const back = readLayout(JSON.parse(JSON.stringify(layout)), new Set(panesOf(layout)));
        expect(back && panesOf(back)).toEqual(panesOf(layout));
      }),
    );
  });

  it("leaves out panes that are gone, and refuses what is no layout", () => {
    expect(readLayout(THREE, new Set(["a", "c"]))).toMatchObject({
      axis: "row",
      parts: [{}, { node: { id: "c" } }],
    });
    expect(readLayout(THREE, new Set(["b"]))).toEqual(single("b"));
    for (const bad of [
      null,
      7,
      "a",
      {},
      { axis: "row" },
      { axis: "x", parts: [] },
      { axis: "row", parts: [7] },
    ])
      expect(readLayout(bad, new Set(["a"]))).toBeNull();
    const deep = Array.from({ length: 40 }).reduce<unknown>(
      (node) => ({ axis: "row", parts: [{ node, share: 1 }] }),
      single("a"),
    );
    expect(readLayout(deep, new Set(["a"]))).toBeNull();
  });
});
