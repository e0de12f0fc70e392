import { RadioTower } from "lucide-react";
import { Button } from "react-aria-components";

import { chordFor } from "../../model/bindings";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";

/** On each pane that types with others: that it does, with how many, and the way out. */
export function BroadcastBadge() {
  const controller = useController();
  const count = useApp(({ broadcast }) => broadcast?.size ?? 0);
  return (
    <div className="broadcast-badge" data-testid={testIds.broadcastBadge}>
      <RadioTower aria-hidden size={14} strokeWidth={2} />
      <strong>{strings.tabs.broadcastOn(count)}</strong>
      <Button className="broadcast-stop" onPress={() => controller.broadcast.stop()} preventFocusOnPress>
        {strings.tabs.broadcastStop}
        <kbd>{chordFor("toggleBroadcast", controller.mac)}</kbd>
      </Button>
    </div>
  );
}
