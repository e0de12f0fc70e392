/**
 * How the panes of a tab lie beside and above each other: a tree of splits, as data. Nothing is drawn here; views ask
 * for rectangles, in parts of the whole.
 */

export type PaneId = string;

/** In which way a split's parts follow each other: `row` from left to right, `column` from top to bottom. */
export type Axis = "row" | "column";
export type Direction = "left" | "right" | "up" | "down";

export interface Part {
  readonly node: Layout;
  /** Its part of the split, above 0; those of a split make 1 together. */
  readonly share: number;
}

/** A split has at least two parts, and none of them is a split of the same axis. */
export type Layout =
  | { readonly kind: "pane"; readonly id: PaneId }
  | { readonly kind: "split"; readonly axis: Axis; readonly parts: readonly Part[] };

/** A place inside the whole, which reaches from 0 to 1. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The line between two neighbours of a split; it is named by the way to the split and the part before it. */
export interface Divider {
  readonly path: readonly number[];
  readonly index: number;
  readonly axis: Axis;
  /** The whole of the split that it belongs to. */
  readonly around: Rect;
  /** Where it is, along the axis, in parts of the tab's whole. */
  readonly at: number;
  /** The share of what is before it, of that and its neighbour. */
  readonly value: number;
}

/** No pane gets a smaller share than this by moving a divider. */
export const MIN_SHARE = 0.05;
/** The most panes of one tab: more could not be read, and each is a terminal. */
export const MAX_PANES = 16;
const WHOLE: Rect = { left: 0, top: 0, width: 1, height: 1 };
const CLOSE = 1e-6;

export const single = (id: PaneId): Layout => ({ kind: "pane", id });

/** All panes, as one reads. */
export function panesOf(layout: Layout): readonly PaneId[] {
  return layout.kind === "pane" ? [layout.id] : layout.parts.flatMap(({ node }) => panesOf(node));
}

/** Puts a new pane beside another one, which gives it half of its place. */
export function splitPane(layout: Layout, beside: PaneId, id: PaneId, axis: Axis): Layout {
  if (layout.kind === "pane") {
    if (layout.id !== beside) return layout;
    return {
      kind: "split",
      axis,
      parts: [
        { node: layout, share: 0.5 },
        { node: single(id), share: 0.5 },
      ],
    };
  }
  return split(
    layout.axis,
    layout.parts.map(({ node, share }) => ({ node: splitPane(node, beside, id, axis), share })),
  );
}

/** Takes a pane out; its neighbours share its place. Null where nothing is left. */
export function removePane(layout: Layout, id: PaneId): Layout | null {
  if (layout.kind === "pane") return layout.id === id ? null : layout;
  const parts = layout.parts.flatMap(({ node, share }) => {
    const left = removePane(node, id);
    return left ? [{ node: left, share }] : [];
  });
  const [first] = parts;
  if (!first) return null;
  return parts.length === 1 ? first.node : split(layout.axis, parts);
}

/** A split of these parts: shares that make 1, and no split of the same axis among them. */
function split(axis: Axis, parts: readonly Part[]): Layout {
  const flat = parts.flatMap(({ node, share }) =>
    node.kind === "split" && node.axis === axis
      ? node.parts.map((inner) => ({ node: inner.node, share: inner.share * share }))
      : [{ node, share }],
  );
  const sum = flat.reduce((all, { share }) => all + share, 0);
  return { kind: "split", axis, parts: flat.map(({ node, share }) => ({ node, share: share / sum })) };
}

/** Where each pane is. */
export function rectsOf(layout: Layout, place: Rect = WHOLE): ReadonlyMap<PaneId, Rect> {
  if (layout.kind === "pane") return new Map([[layout.id, place]]);
  const all = new Map<PaneId, Rect>();
  let before = 0;
  for (const { node, share } of layout.parts) {
    for (const [id, rect] of rectsOf(node, partOf(place, layout.axis, before, share))) all.set(id, rect);
    before += share;
  }
  return all;
}

function partOf(place: Rect, axis: Axis, before: number, share: number): Rect {
  return axis === "row"
    ? { ...place, left: place.left + before * place.width, width: share * place.width }
    : { ...place, top: place.top + before * place.height, height: share * place.height };
}

/** All lines that can be moved. */
export function dividersOf(
  layout: Layout,
  place: Rect = WHOLE,
  path: readonly number[] = [],
): readonly Divider[] {
  if (layout.kind === "pane") return [];
  const found: Divider[] = [];
  let before = 0;
  layout.parts.forEach(({ node, share }, index) => {
    found.push(...dividersOf(node, partOf(place, layout.axis, before, share), [...path, index]));
    before += share;
    const next = layout.parts[index + 1];
    if (!next) return;
    const at = layout.axis === "row" ? place.left + before * place.width : place.top + before * place.height;
    found.push({ path, index, axis: layout.axis, around: place, at, value: share / (share + next.share) });
  });
  return found;
}

/** Moves a divider so that what is before it has this share, of that and its neighbour. */
export function moveDivider(layout: Layout, path: readonly number[], index: number, value: number): Layout {
  if (layout.kind === "pane") return layout;
  const [step, ...rest] = path;
  if (step !== undefined) {
    const part = layout.parts[step];
    if (!part) return layout;
    const node = moveDivider(part.node, rest, index, value);
    return node === part.node ? layout : { ...layout, parts: layout.parts.with(step, { ...part, node }) };
  }
  const before = layout.parts[index];
  const after = layout.parts[index + 1];
  if (!before || !after || !Number.isFinite(value)) return layout;
  const both = before.share + after.share;
  const least = Math.min(MIN_SHARE, both / 4);
  const share = Math.max(least, Math.min(both - least, value * both));
  if (Math.abs(share - before.share) < CLOSE) return layout;
  const parts = layout.parts
    .with(index, { ...before, share })
    .with(index + 1, { ...after, share: both - share });
  return { ...layout, parts };
}

/** Where the two neighbours of a divider begin along its axis, and how much they have together; in parts of the whole. */
export function extentOf(
  layout: Layout,
  path: readonly number[],
  index: number,
): { readonly start: number; readonly size: number } {
  const before = dividersOf(layout).find((each) => each.index === index && each.path.join() === path.join());
  let node = layout;
  for (const step of path) {
    const next = node.kind === "split" ? node.parts[step] : undefined;
    if (next) node = next.node;
  }
  if (!before || node.kind !== "split") return { start: 0, size: 1 };
  const length = before.axis === "row" ? before.around.width : before.around.height;
  const first = node.parts[index]?.share ?? 0;
  const second = node.parts[index + 1]?.share ?? 0;
  return { start: before.at - first * length, size: (first + second) * length };
}

/** Gives all panes of each split the same room. */
export function evened(layout: Layout): Layout {
  if (layout.kind === "pane") return layout;
  const share = 1 / layout.parts.length;
  return { ...layout, parts: layout.parts.map(({ node }) => ({ node: evened(node), share })) };
}

/** The pane that one comes to in a direction: the one that shares most of the edge. Null at the rim. */
export function neighbour(layout: Layout, from: PaneId, direction: Direction): PaneId | null {
  const rects = rectsOf(layout);
  const here = rects.get(from);
  if (!here) return null;
  let best: { id: PaneId; shared: number } | null = null;
  for (const [id, rect] of rects) {
    if (id === from || !touches(here, rect, direction)) continue;
    const shared =
      direction === "left" || direction === "right"
        ? overlap(here.top, here.height, rect.top, rect.height)
        : overlap(here.left, here.width, rect.left, rect.width);
    if (shared > CLOSE && (!best || shared > best.shared + CLOSE)) best = { id, shared };
  }
  return best?.id ?? null;
}

function touches(here: Rect, there: Rect, direction: Direction): boolean {
  const gap = {
    left: here.left - (there.left + there.width),
    right: there.left - (here.left + here.width),
    up: here.top - (there.top + there.height),
    down: there.top - (here.top + here.height),
  }[direction];
  return Math.abs(gap) < CLOSE;
}

const overlap = (one: number, oneSize: number, other: number, otherSize: number): number =>
  Math.min(one + oneSize, other + otherSize) - Math.max(one, other);

/** The divider to move for a pane: right of it, else below, else left, else above. Null for a pane that is alone. */
export function dividerBeside(layout: Layout, id: PaneId): Divider | null {
  const here = rectsOf(layout).get(id);
  if (!here) return null;
  const along = (divider: Divider, axis: Axis, at: number) => {
    const { around } = divider;
    return (
      divider.axis === axis &&
      Math.abs(divider.at - at) < CLOSE &&
      (axis === "row"
        ? overlap(here.top, here.height, around.top, around.height)
        : overlap(here.left, here.width, around.left, around.width)) > CLOSE
    );
  };
  const edges: readonly (readonly [Axis, number])[] = [
    ["row", here.left + here.width],
    ["column", here.top + here.height],
    ["row", here.left],
    ["column", here.top],
  ];
  for (const [axis, at] of edges) {
    const found = dividersOf(layout).find((divider) => along(divider, axis, at));
    if (found) return found;
  }
  return null;
}

/** Reads a layout that was written down; `known` says which panes are still there. Null where it is none. */
export function readLayout(value: unknown, known: ReadonlySet<PaneId>, depth = 0): Layout | null {
  if (depth > MAX_PANES || typeof value !== "object" || value === null) return null;
  if ("id" in value) return typeof value.id === "string" && known.has(value.id) ? single(value.id) : null;
  if (!("axis" in value) || !("parts" in value)) return null;
  const { axis, parts } = value;
  if ((axis !== "row" && axis !== "column") || !Array.isArray(parts) || parts.length > MAX_PANES) return null;
  const read = parts.flatMap((part: unknown): readonly Part[] => {
    if (typeof part !== "object" || part === null || !("node" in part) || !("share" in part)) return [];
    const { share } = part;
    const node = readLayout(part.node, known, depth + 1);
    return node && typeof share === "number" && share > 0 && share <= 1 ? [{ node, share }] : [];
  });
  const [first] = read;
  if (!first) return null;
  return read.length === 1 ? first.node : split(axis, read);
}
