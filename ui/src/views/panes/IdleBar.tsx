import { Play } from "lucide-react";
import { Button } from "react-aria-components";

import type { PaneId } from "../../model/layout";
import { isIdle, panesIn } from "../../model/tabs";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";

/** A pane from last time, whose session starts when the person wants it. */
export function IdleBar({ id, name }: { readonly id: PaneId; readonly name: string }) {
  const controller = useController();
  const several = useApp(
    ({ tabs }) => tabs.list.flatMap(panesIn).filter(({ session }) => isIdle(session)).length > 1,
  );
  return (
    <div className="connecting idle" data-testid={testIds.idle}>
      <div className="connecting-text idle-text">
        <strong className="ellipsis">{name}</strong>
        <span>{strings.tabs.idle}</span>
      </div>
      <Button
        className="button primary"
        data-testid={testIds.idleStart}
        onPress={() => controller.tabs.restart(id)}
      >
        <Play aria-hidden size={14} strokeWidth={2} />
        {strings.tabs.start}
      </Button>
      {several ? (
        <Button
          className="button"
          data-testid={testIds.idleStartAll}
          onPress={() => controller.tabs.startAll()}
        >
          {strings.tabs.startAll}
        </Button>
      ) : null}
    </div>
  );
}
