/** Which panes are recorded: of which attempt it is known, and whether it is, by pane. */
import type { PaneId } from "./layout";
import type { TabSession } from "./tabs";

interface Mark {
  readonly attempt: number;
  readonly on: boolean;
}

export type Recorded = ReadonlyMap<PaneId, Mark>;

/** Whether a pane's session is recorded now: a recording ends with its session. */
export const isRecorded = (recorded: Recorded, id: PaneId, { attempt, state }: TabSession): boolean => {
  const mark = recorded.get(id);
  return mark?.attempt === attempt && mark.on && state.kind !== "ended";
};

export const marked = (recorded: Recorded, id: PaneId, mark: Mark): Recorded =>
  new Map(recorded).set(id, mark);
