import { Copy } from "lucide-react";
import { Button } from "react-aria-components";

import { stateMark, type TabId, type TabSession } from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { Clipped } from "./Clipped";
import { useController } from "./context";
import { TimelineButton } from "./Timeline";
import { WhoAmI } from "./WhoAmI";

/** One line about the session below its terminal. Ids can be copied by pressing them. */
export function StatusBar({ id, session }: { readonly id: TabId; readonly session: TabSession }) {
  const { profile, state, sessionId, agentVersion, size } = session;
  return (
    <footer
      aria-label={strings.status.label}
      className="status"
      data-focus-region
      data-testid={testIds.statusBar}
    >
      <span className="status-state" data-state={state.kind} data-testid={testIds.statusState}>
        <span aria-hidden className="state-mark" data-state={stateMark(state)} />
        {strings.status.states[state.kind]}
      </span>
      <Clipped className="status-profile" testId={testIds.statusProfile} text={profile.name} />
      {profile.builtIn ? null : (
        <Copyable label={strings.status.target} testId={testIds.statusTarget} text={profile.target} />
      )}
      {sessionId === null ? null : (
        <Copyable label={strings.status.sessionId} testId={testIds.statusSession} text={sessionId} />
      )}
      <span className="status-space" />
      <WhoAmI id={id} session={session} />
      <TimelineButton id={id} />
      {agentVersion === null ? null : (
        <span className="status-agent" data-testid={testIds.statusAgent}>
          {strings.status.agent(agentVersion)}
        </span>
      )}
      {size === null ? null : (
        <span className="status-size" data-testid={testIds.statusSize}>
          <span aria-hidden>{strings.status.size(size.cols, size.rows)}</span>
          <span className="visually-hidden">{strings.status.sizeLabel(size.cols, size.rows)}</span>
        </span>
      )}
    </footer>
  );
}

function Copyable({
  label,
  text,
  testId,
}: {
  readonly label: string;
  readonly text: string;
  readonly testId: string;
}) {
  const controller = useController();
  return (
    <Button
      aria-label={`${strings.status.copy(label)} ${text}`}
      className="status-copy"
      data-testid={testId}
      onPress={() => void controller.desk.copy(label, text)}
    >
      <code>
        <Clipped text={text} />
      </code>
      <Copy aria-hidden size={12} strokeWidth={1.75} />
    </Button>
  );
}
