import { Ellipsis } from "lucide-react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";

import type { TabSession } from "../model/tabs";
import { strings } from "../strings";
import { useController } from "./context";

interface Fact {
  readonly label: string;
  readonly text: string;
}

/** Everything that is known of a session, for the strip below it and to be copied. */
function factsOf({
  profile,
  sessionId,
  agentVersion,
  resumes,
  roundTripMs,
  size,
}: TabSession): readonly Fact[] {
  const facts: readonly (readonly [string, string | null])[] = [
    [strings.form.name, profile.name],
    [strings.form.awsProfile, profile.awsProfile],
    [strings.tabs.region, profile.region],
    [strings.status.target, profile.builtIn ? null : profile.target],
    [strings.tabs.document, profile.document],
    [strings.form.reason, profile.reason],
    [strings.status.sessionId, sessionId],
    [strings.tabs.agent, agentVersion],
    [strings.tabs.roundTripLabel, roundTripMs === null ? null : strings.tabs.roundTrip(roundTripMs)],
    [strings.tabs.resumesLabel, resumes === 0 ? null : String(resumes)],
    [strings.tabs.size, size ? strings.status.size(size.cols, size.rows) : null],
  ];
  return facts.flatMap(([label, text]) => (text === null || text === "" ? [] : [{ label, text }]));
}

/** What the strip has no room for. Each can be copied by pressing it. */
export function SessionFacts({ session }: { readonly session: TabSession }) {
  const controller = useController();
  return (
    <DialogTrigger>
      <Button aria-label={strings.tabs.more} className="status-copy status-more" data-testid="status-more">
        <Ellipsis aria-hidden className="status-more-mark" size={14} strokeWidth={2} />
      </Button>
      <Popover className="popover facts-popover" placement="top end">
        <Dialog aria-label={strings.tabs.more} className="facts-dialog" data-testid="status-facts">
          {factsOf(session).map(({ label, text }) => (
            <Button className="fact" key={label} onPress={() => void controller.desk.copy(label, text)}>
              <span>{label}</span>
              <code>{text}</code>
            </Button>
          ))}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
