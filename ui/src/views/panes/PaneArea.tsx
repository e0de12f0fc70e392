import { type KeyboardEvent, type PointerEvent, useRef } from "react";

import { type Divider, dividersOf, rectsOf } from "../../model/layout";
import type { Panes, TabId } from "../../model/tabs";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useController } from "../context";
import { SessionPane } from "../SessionPane";

const percent = (part: number): string => `${100 * part}%`;
/** How far an arrow key moves a divider. */
const STEP = 0.03;

/** The panes of a tab. They are drawn in one list, so that none is made anew when the layout changes. */
export function PaneArea({ tab, content }: { readonly tab: TabId; readonly content: Panes }) {
  const controller = useController();
  const area = useRef<HTMLDivElement>(null);
  const { panes, layout, focused, zoomed } = content;
  const rects = rectsOf(layout);
  const several = panes.length > 1;
  return (
    <div className="panes" data-zoomed={zoomed || undefined} ref={area}>
      {panes.map(({ id }) => {
        const rect = zoomed && id === focused ? { left: 0, top: 0, width: 1, height: 1 } : rects.get(id);
        if (!rect) return null;
        return (
          <div
            className="pane"
            data-covered={(zoomed && id !== focused) || undefined}
            data-focused={(several && id === focused) || undefined}
            data-pane-id={id}
            data-several={several || undefined}
            data-testid={testIds.pane}
            key={id}
            onPointerDownCapture={() => controller.tabs.focusPane(id)}
            style={{
              left: percent(rect.left),
              top: percent(rect.top),
              width: percent(rect.width),
              height: percent(rect.height),
            }}
          >
            <SessionPane id={id} tab={tab} />
          </div>
        );
      })}
      {zoomed
        ? null
        : dividersOf(layout).map((divider) => (
            <DividerLine
              area={area}
              divider={divider}
              key={`${divider.path.join(".")}:${divider.index}`}
              tab={tab}
            />
          ))}
    </div>
  );
}

function DividerLine({
  tab,
  divider,
  area,
}: {
  readonly tab: TabId;
  readonly divider: Divider;
  readonly area: React.RefObject<HTMLDivElement | null>;
}) {
  const controller = useController();
  const { axis, around, at, path, index, value } = divider;
  const row = axis === "row";
  const move = (to: number) => controller.tabs.moveDivider(tab, path, index, to);

  const onKeyDown = (event: KeyboardEvent) => {
    const by = {
      ArrowLeft: row ? -STEP : 0,
      ArrowRight: row ? STEP : 0,
      ArrowUp: row ? 0 : -STEP,
      ArrowDown: row ? 0 : STEP,
    };
    if (event.key === "Escape" || event.key === "Enter") controller.terminals.active()?.focus();
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(1);
    else if (event.key in by && !event.ctrlKey && !event.altKey && !event.metaKey)
      move(value + by[event.key as keyof typeof by]);
    else return;
    event.preventDefault();
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const box = area.current?.getBoundingClientRect();
    if (!box || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const place = row ? (event.clientX - box.left) / box.width : (event.clientY - box.top) / box.height;
    // Where the two neighbours begin and how much they have together follows from the place and the share.
    const { start, size } = controller.tabs.extent(tab, path, index);
    move((place - start) / size);
  };

  return (
    <div
      aria-label={strings.tabs.divider}
      aria-orientation={row ? "vertical" : "horizontal"}
      aria-valuemax={100}
      aria-valuemin={0}
      aria-valuenow={Math.round(100 * value)}
      className="divider"
      data-axis={axis}
      data-focus-region
      data-testid={testIds.divider}
      onDoubleClick={() => controller.tabs.evenPanes(tab)}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      role="separator"
      style={
        row
          ? { left: percent(at), top: percent(around.top), height: percent(around.height) }
          : { top: percent(at), left: percent(around.left), width: percent(around.width) }
      }
      tabIndex={0}
    />
  );
}
