import { History } from "lucide-react";
import { useState } from "react";
import { Button, Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";

import type { SessionTimeline } from "../generated/SessionTimeline";
import type { TabId } from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useController } from "./context";

/** A button that shows what happened to a session and when. */
export function TimelineButton({ id }: { readonly id: TabId }) {
  const controller = useController();
  const [timeline, setTimeline] = useState<SessionTimeline | null>(null);
  const opened = (open: boolean) => {
    if (!open) return;
    setTimeline(null);
    controller.terminals
      .timeline(id)
      .then(setTimeline, (reason: unknown) => controller.desk.showError(reason));
  };
  return (
    <DialogTrigger onOpenChange={opened}>
      <Button className="status-button" data-testid={testIds.timelineButton}>
        <History aria-hidden size={13} strokeWidth={1.75} />
        {strings.timeline.show}
      </Button>
      <Popover className="popover timeline" placement="top end">
        <Dialog>
          <Heading slot="title">{strings.timeline.title}</Heading>
          {timeline ? <Entries timeline={timeline} /> : null}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

function Entries({ timeline: { entries, omitted } }: { readonly timeline: SessionTimeline }) {
  if (entries.length === 0) return <p>{strings.timeline.empty}</p>;
  return (
    <>
      <ol data-testid={testIds.timeline}>
        {entries.map(({ atMs, text }, index) => (
          <li key={`${index}-${atMs}`}>
            <time dateTime={new Date(atMs).toISOString()}>{strings.timeline.time(atMs)}</time>
            <span>{text}</span>
          </li>
        ))}
      </ol>
      {omitted > 0 ? <p>{strings.timeline.omitted(omitted)}</p> : null}
    </>
  );
}
