import { ClipboardPaste, Hourglass, KeyRound, PlugZap } from "lucide-react";
import type { ReactNode } from "react";
import { Button, ProgressBar } from "react-aria-components";

import type { SessionState } from "../generated/SessionState";
import type { Silence } from "../generated/Silence";
import type { PasteProgress, TabId, TabSession } from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useController } from "./context";
import { useNow } from "./useNow";

/** What keeps a session from being used right now, above its terminal: what, since when, and what can be done. */
export function ConnectionBar({ id, session }: { readonly id: TabId; readonly session: TabSession }) {
  const { state, silence, paste } = session;
  return (
    <>
      {state.kind === "reconnecting" ? <Reconnecting id={id} state={state} /> : null}
      {state.kind === "waitingForSignIn" ? <WaitingForSignIn id={id} state={state} /> : null}
      {silence && state.kind === "open" ? <Silent silence={silence} /> : null}
      {paste ? <Pasting id={id} paste={paste} /> : null}
    </>
  );
}

interface BarProps {
  readonly tone: "plain" | "warning";
  readonly icon: ReactNode;
  readonly testId: string;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
}

function Bar({ tone, icon, testId, children, actions }: BarProps) {
  return (
    <div className="connection-bar" data-testid={testId} data-tone={tone} role="group">
      <span aria-hidden className="connection-icon">
        {icon}
      </span>
      <div className="connection-text">{children}</div>
      {actions ? <div className="connection-actions">{actions}</div> : null}
    </div>
  );
}

type Reconnect = Extract<SessionState, { kind: "reconnecting" }>;

function Reconnecting({ id, state }: { readonly id: TabId; readonly state: Reconnect }) {
  const now = useNow();
  const { cause, failure, attempt, nextTryMs } = state;
  const seconds = nextTryMs === null ? 0 : Math.max(0, Math.ceil((nextTryMs - now) / 1000));
  return (
    <Bar
      actions={<Actions id={id} retry={strings.connection.tryNow} trying={nextTryMs === null} />}
      icon={<PlugZap size={16} strokeWidth={1.75} />}
      testId={testIds.reconnecting}
      tone="warning"
    >
      <p>
        <strong>{strings.connection.reconnecting}</strong> {cause}
      </p>
      <p className="connection-detail">
        {nextTryMs === null
          ? strings.connection.trying(attempt)
          : strings.connection.nextTry(attempt, seconds)}{" "}
        {failure ?? strings.connection.kept}
      </p>
    </Bar>
  );
}

type SignIn = Extract<SessionState, { kind: "waitingForSignIn" }>;

function WaitingForSignIn({ id, state }: { readonly id: TabId; readonly state: SignIn }) {
  return (
    <Bar
      actions={<Actions id={id} retry={strings.connection.lookAgain} trying={false} />}
      icon={<KeyRound size={16} strokeWidth={1.75} />}
      testId={testIds.waitingForSignIn}
      tone="warning"
    >
      <p>
        <strong>{strings.connection.waitingForSignIn}</strong> {state.message}
      </p>
      <p className="connection-detail">
        {state.remedy} {strings.connection.resumesByItself}
      </p>
    </Bar>
  );
}

interface ActionsProps {
  readonly id: TabId;
  /** What the button says that does not wait any longer. */
  readonly retry: string;
  readonly trying: boolean;
}

/** The ways out of a lost connection. The keyboard stays with the terminal. */
function Actions({ id, retry, trying }: ActionsProps) {
  const controller = useController();
  return (
    <>
      <Button
        className="button"
        data-testid={testIds.retryNow}
        isDisabled={trying}
        onPress={() => controller.terminals.retry(id)}
        preventFocusOnPress
      >
        {retry}
      </Button>
      <Button
        className="button"
        data-testid={testIds.giveUp}
        onPress={() => controller.terminals.giveUp(id)}
        preventFocusOnPress
      >
        {strings.connection.giveUp}
      </Button>
    </>
  );
}

function Silent({ silence }: { readonly silence: Silence }) {
  const now = useNow();
  const seconds = Math.max(0, Math.round((now - silence.sinceMs) / 1000));
  return (
    <Bar icon={<Hourglass size={16} strokeWidth={1.75} />} testId={testIds.silence} tone="plain">
      <p>{strings.connection.silence[silence.kind](seconds)}</p>
    </Bar>
  );
}

function Pasting({ id, paste }: { readonly id: TabId; readonly paste: PasteProgress }) {
  const controller = useController();
  const text = strings.connection.pasting(paste.sent, paste.total);
  return (
    <Bar
      actions={
        <Button
          className="button"
          data-testid={testIds.cancelPaste}
          onPress={() => controller.terminals.cancelPaste(id)}
          preventFocusOnPress
        >
          {strings.connection.cancelPaste}
        </Button>
      }
      icon={<ClipboardPaste size={16} strokeWidth={1.75} />}
      testId={testIds.pasting}
      tone="plain"
    >
      <ProgressBar aria-label={text} className="paste-progress" maxValue={paste.total} value={paste.sent}>
        {({ percentage }) => (
          <>
            <p>{text}</p>
            <span aria-hidden className="paste-track">
              <span className="paste-done" style={{ width: `${percentage ?? 0}%` }} />
            </span>
          </>
        )}
      </ProgressBar>
    </Bar>
  );
}
