import { CircleDot, Copy } from "lucide-react";
import { Button } from "react-aria-components";

import { isRecorded } from "../model/recordings";
import { isIdle, stateMark, type TabId, type TabSession } from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { Clipped } from "./Clipped";
import { useApp, useController } from "./context";
import { SessionFacts } from "./SessionFacts";
import { TimelineButton } from "./Timeline";
import { WhoAmI } from "./WhoAmI";

/** A round trip that one feels at every key. */
const SLOW_MS = 500;

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
        <span aria-hidden className="state-mark" data-state={isIdle(session) ? "idle" : stateMark(state)} />
        {isIdle(session) ? strings.tabs.idleState : strings.status.states[state.kind]}
      </span>
      <Clipped className="status-profile" testId={testIds.statusProfile} text={profile.name} />
      {profile.builtIn ? null : (
        <Copyable label={strings.status.target} testId={testIds.statusTarget} text={profile.target} />
      )}
      {sessionId === null ? null : (
        <Copyable label={strings.status.sessionId} testId={testIds.statusSession} text={sessionId} />
      )}
      {profile.region === null ? null : (
        <Copyable label={strings.tabs.region} testId={testIds.statusRegion} text={profile.region} />
      )}
      {profile.document === null ? null : (
        <Copyable label={strings.tabs.document} testId={testIds.statusDocument} text={profile.document} />
      )}
      <RecordingMark id={id} session={session} />
      <span className="status-space" />
      {session.resumes === 0 ? null : (
        <span className="status-size" data-testid={testIds.statusResumes}>
          {strings.tabs.resumes(session.resumes)}
        </span>
      )}
      {session.roundTripMs === null ? null : (
        <span
          className="status-size"
          data-slow={session.roundTripMs > SLOW_MS || undefined}
          data-testid={testIds.statusRoundTrip}
          title={strings.tabs.roundTripLabel}
        >
          {strings.tabs.roundTrip(session.roundTripMs)}
        </span>
      )}
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
      <SessionFacts session={session} />
    </footer>
  );
}

/** That what the session shows is being written down; a press ends it. */
function RecordingMark({ id, session }: { readonly id: TabId; readonly session: TabSession }) {
  const controller = useController();
  const recorded = useApp(({ recording }) => isRecorded(recording, id, session));
  if (!recorded) return null;
  return (
    <Button
      aria-label={strings.recordings.stop}
      className="status-copy status-recording"
      data-testid={testIds.statusRecording}
      onPress={() => void controller.recordings.toggle(id)}
    >
      <CircleDot aria-hidden size={12} strokeWidth={2.5} />
      {strings.recordings.on}
    </Button>
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
