import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

import { strings } from "../../strings";
import { testIds } from "../../testIds";

interface Place {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

/** How many frames to wait for a row that is just being made. */
const PATIENCE = 60;

/**
 * A field over the name in a row. It stands beside the tree, which would take its arrow keys and letters. Enter and
 * leaving it give the name, Escape gives null.
 */
export function RenameField({
  box,
  nodeKey,
  name,
  onDone,
}: {
  readonly box: RefObject<HTMLElement | null>;
  readonly nodeKey: string;
  readonly name: string;
  readonly onDone: (name: string | null) => void;
}) {
  const [place, setPlace] = useState<Place | null>(null);
  const [value, setValue] = useState(name);
  const field = useRef<HTMLInputElement>(null);
  const over = useRef(false);
  const done = useRef(onDone);
  useEffect(() => {
    done.current = onDone;
  });

  const finish = (result: string | null) => {
    if (over.current) return;
    over.current = true;
    const row = box.current?.querySelector<HTMLElement>(`[data-tree-key="${CSS.escape(nodeKey)}"]`);
    done.current(result);
    row?.focus();
  };

  useLayoutEffect(() => {
    let frame = 0;
    let frames = 0;
    const look = () => {
      const row = box.current?.querySelector<HTMLElement>(`[data-tree-key="${CSS.escape(nodeKey)}"]`);
      const label = row?.querySelector<HTMLElement>(".tree-name, .profile-name");
      if (box.current && row && label) {
        const outer = box.current.getBoundingClientRect();
        const inner = label.getBoundingClientRect();
        setPlace({
          top: inner.top - outer.top - 3,
          left: inner.left - outer.left - 5,
          width: outer.right - inner.left - 3,
          height: inner.height + 6,
        });
      } else {
        frames += 1;
        if (frames < PATIENCE) frame = requestAnimationFrame(look);
        else done.current(null);
      }
    };
    look();
    return () => cancelAnimationFrame(frame);
  }, [box, nodeKey]);

  const placed = place !== null;
  useEffect(() => {
    if (!placed) return;
    // A menu that is closing gives the focus back a moment later: the field takes it again until it has been used.
    const element = field.current;
    element?.focus();
    element?.select();
  }, [placed]);

  return place ? (
    <input
      aria-label={strings.tree.renameOf(name)}
      className="tree-rename"
      data-testid={testIds.treeRename}
      maxLength={100}
      onBlur={(event) => {
        if (over.current) return;
        // The focus that a closing menu gives back to its row is not the person's leaving.
        const to = event.relatedTarget;
        if (
          to instanceof Element &&
          to.closest("[data-tree-key]")?.getAttribute("data-tree-key") === nodeKey
        ) {
          field.current?.focus();
          return;
        }
        finish(value.trim() === "" ? null : value.trim());
      }}
      onChange={(event) => setValue(event.target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter" && !event.nativeEvent.isComposing) {
          event.preventDefault();
          finish(value.trim() === "" ? null : value.trim());
        } else if (event.key === "Escape") {
          event.preventDefault();
          finish(null);
        }
      }}
      ref={field}
      spellCheck={false}
      style={place}
      value={value}
    />
  ) : null;
}
