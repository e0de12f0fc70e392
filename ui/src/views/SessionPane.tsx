import { Check, ChevronRight, Copy, Info, RotateCw, TriangleAlert, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { Button, Disclosure, DisclosurePanel } from "react-aria-components";

import type { Ended } from "../generated/Ended";
import type { SessionPhase } from "../generated/SessionPhase";
import { assertNever } from "../model/assertNever";
import { type Action, chordFor } from "../model/bindings";
import { isProduction } from "../model/profiles";
import type { PaneId } from "../model/layout";
import { activePane, isIdle, isShown, type TabId, type TabSession } from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { type MenuEntry, useContextMenu } from "./ContextMenu";
import { ConnectionBar } from "./ConnectionBar";
import { useApp, useController, useTabSession } from "./context";
import { claimFocus } from "../control/focusClaim";
import { IconButton } from "./IconButton";
import { PaneExtras } from "./PaneExtras";
import { BroadcastBadge } from "./panes/BroadcastBadge";
import { IdleBar } from "./panes/IdleBar";
import { paneEntries } from "./panes/paneEntries";
import { StatusBar } from "./StatusBar";

/** A session's pane: its terminal, what is said about its state, and the status bar. */
export function SessionPane({ id, tab }: { readonly id: PaneId; readonly tab: TabId }) {
  const session = useTabSession(id);
  return session ? <Shown id={id} session={session} tab={tab} /> : null;
}

function Shown({
  id,
  tab,
  session,
}: {
  readonly id: PaneId;
  readonly tab: TabId;
  readonly session: TabSession;
}) {
  const { state } = session;
  const together = useApp(({ broadcast }) => broadcast?.has(id) ?? false);
  const production = isProduction(session.profile);
  return (
    <section
      aria-label={session.profile.name}
      className="session"
      data-colour={session.profile.colour}
      data-broadcast={together || undefined}
      data-pane={id}
      data-production={production || undefined}
      data-state={isIdle(session) ? "idle" : state.kind}
      data-tab-id={tab}
      data-testid={testIds.session}
    >
      {together ? <BroadcastBadge /> : null}
      {production ? (
        <div className="production-bar" data-testid={testIds.production}>
          <TriangleAlert aria-hidden size={14} strokeWidth={2} />
          {strings.tabs.production}
        </div>
      ) : null}
      <Notices id={id} notices={session.notices} />
      <ConnectionBar id={id} session={session} />
      <div className="session-screen">
        <TerminalPlace id={id} session={session} />
        <PaneExtras id={id} />
        {isIdle(session) ? <IdleBar id={id} name={session.profile.name} /> : null}
        {state.kind === "connecting" ? (
          <Connecting id={id} name={session.profile.name} phase={state.phase} />
        ) : null}
      </div>
      {state.kind === "ended" && !isIdle(session) ? <EndedBar ended={state.ended} id={id} /> : null}
      <StatusBar id={id} session={session} />
    </section>
  );
}

const TERMINAL_ACTIONS = {
  find: { kind: "find" },
  previousPrompt: { kind: "prompt", by: -1 },
  links: { kind: "links" },
  readText: { kind: "readText" },
  copyAll: { kind: "copyAll" },
  saveText: { kind: "saveText" },
  readOnly: { kind: "toggleReadOnly" },
  reset: { kind: "resetTerminal" },
} as const satisfies Record<string, Action>;

/** Where the terminal's own element is put; React renders nothing inside. */
function TerminalPlace({ id, session }: { readonly id: TabId; readonly session: TabSession }) {
  const controller = useController();
  const place = useRef<HTMLDivElement>(null);
  const shown = useApp((app) => isShown(app.tabs, id));
  const active = useApp((app) => activePane(app.tabs)?.id === id && app.renaming === null);
  const { attempt, profile } = session;
  // The profile that the session was started with; later edits change the name shown only.
  const firstProfile = useRef(profile);

  useEffect(() => {
    const container = place.current;
    if (!container) return;
    const runtime = controller.terminals.runtime(id, firstProfile.current);
    runtime.terminal.element.dataset["testid"] = testIds.terminal;
    void runtime.show(container, attempt);
  }, [controller, id, attempt]);

  useEffect(() => {
    const terminal = controller.terminals.terminalOf(id);
    terminal?.setVisible(shown);
  }, [controller, id, shown, attempt]);

  useEffect(() => {
    const terminal = controller.terminals.terminalOf(id);
    return active && terminal ? claimFocus(terminal) : undefined;
  }, [controller, id, active, attempt]);

  useEffect(() => {
    controller.terminals.terminalOf(id)?.setLabel(strings.session.terminal(profile.name));
  }, [controller, id, profile.name]);

  const { open, menu } = useContextMenu(strings.menu.terminal, (): readonly MenuEntry[] => {
    const { mac } = controller;
    const terminal = controller.terminals.terminalOf(id);
    return [
      {
        id: "copy",
        label: strings.menu.copy,
        chord: chordFor("copy", mac),
        disabled: terminal?.hasSelection !== true,
        run: () => void controller.perform({ kind: "copy" }),
      },
      {
        id: "paste",
        label: strings.menu.paste,
        chord: chordFor("paste", mac),
        disabled: session.state.kind === "ended",
        run: () => void controller.perform({ kind: "paste" }),
      },
      {
        id: "selectAll",
        label: strings.menu.selectAll,
        chord: chordFor("selectAll", mac),
        apart: true,
        run: () => void controller.perform({ kind: "selectAll" }),
      },
      {
        id: "clear",
        label: strings.menu.clear,
        chord: chordFor("clear", mac),
        run: () => void controller.perform({ kind: "clear" }),
      },
      ...(
        [
          ["find", strings.terminal.find, "find"],
          ["previousPrompt", strings.terminal.previousPrompt, null],
          ["links", strings.terminal.links, "links"],
          ["readText", strings.terminal.readText, "readText"],
          ["copyAll", strings.terminal.copyAll, null],
          ["saveText", strings.terminal.saveText, null],
          [
            "readOnly",
            terminal?.readOnly ? strings.terminal.unlock : strings.terminal.lock,
            "toggleReadOnly",
          ],
          ["reset", strings.terminal.reset, null],
        ] as const
      ).map(([entry, label, key]): MenuEntry => ({
        id: entry,
        label,
        ...(key === null ? {} : { chord: chordFor(key, mac) }),
        ...(entry === "find" || entry === "readOnly" ? { apart: true } : {}),
        testId: `menu-${entry}`,
        run: () => void controller.perform(TERMINAL_ACTIONS[entry]),
      })),
      ...paneEntries(controller),
    ];
  });

  return (
    <>
      <div
        className="terminal-place"
        data-focus-region
        onContextMenu={(event) => {
          const { rightClick } = controller.terminals.panes.preferences;
          const terminal = controller.terminals.terminalOf(id);
          // From the keyboard, or with Shift, it is always the menu.
          if (rightClick === "menu" || event.shiftKey || event.button !== 2) {
            open(event);
            return;
          }
          event.preventDefault();
          const copies = rightClick === "copyOrPaste" && terminal?.hasSelection;
          void controller.perform({ kind: copies ? "copy" : "paste" });
        }}
        ref={place}
      />
      {menu}
    </>
  );
}

function Connecting({
  id,
  name,
  phase,
}: {
  readonly id: TabId;
  readonly name: string;
  readonly phase: SessionPhase;
}) {
  const controller = useController();
  return (
    <div className="connecting" data-testid={testIds.connecting}>
      <span aria-hidden className="spinner" />
      <div className="connecting-text">
        <strong className="ellipsis">{strings.session.connectingTo(name)}</strong>
        <span data-phase={phase} data-testid={testIds.connectingPhase}>
          {strings.session.phases[phase]}
        </span>
      </div>
      <Button
        className="button"
        data-testid={testIds.connectingCancel}
        onPress={() => controller.terminals.cancel(id)}
        preventFocusOnPress
      >
        {strings.session.cancel}
      </Button>
    </div>
  );
}

function EndedBar({ id, ended }: { readonly id: TabId; readonly ended: Ended }) {
  const controller = useController();
  const { detail } = ended;
  return (
    <div className="ended" data-cause={ended.cause} data-testid={testIds.ended}>
      <span aria-hidden className="ended-icon">
        {endedIcon(ended)}
      </span>
      <div className="ended-text">
        <p data-testid={testIds.endedMessage}>
          <strong>{strings.session.causes[ended.cause]}.</strong> {ended.message}
          {ended.exitCode === null ? "" : ` ${strings.session.exitCode(ended.exitCode)}`}
        </p>
        {ended.remedy === null ? null : (
          <p className="ended-remedy" data-testid={testIds.endedRemedy}>
            {ended.remedy}
          </p>
        )}
        {detail === null ? null : (
          <Disclosure className="ended-details">
            <Button className="link-button" slot="trigger">
              <ChevronRight aria-hidden className="ended-chevron" size={14} />
              {strings.session.details}
            </Button>
            <DisclosurePanel>
              <div className="ended-detail">
                <code data-testid={testIds.endedDetail}>{detail}</code>
                <IconButton
                  icon={Copy}
                  label={strings.session.copyDetail}
                  onPress={() => void controller.desk.copy(strings.session.details, detail)}
                  testId={testIds.endedCopyDetail}
                />
              </div>
            </DisclosurePanel>
          </Disclosure>
        )}
      </div>
      <div className="ended-actions">
        <Button
          className="button primary"
          data-testid={testIds.endedRestart}
          onPress={() => controller.tabs.restart(id)}
        >
          <RotateCw aria-hidden size={15} strokeWidth={2} />
          {strings.session.restart}
        </Button>
        <span className="ended-hint">{strings.session.restartHint}</span>
      </div>
    </div>
  );
}

function endedIcon({ cause, exitCode }: Ended): ReactNode {
  switch (cause) {
    case "closed":
      return <Info size={18} strokeWidth={1.75} />;
    case "finished":
      return exitCode === null || exitCode === 0 ? (
        <Check size={18} strokeWidth={2} />
      ) : (
        <TriangleAlert className="ended-warning" size={18} strokeWidth={1.75} />
      );
    case "service":
      return <Info size={18} strokeWidth={1.75} />;
    case "refused":
    case "unreachable":
    case "lost":
      return <TriangleAlert size={18} strokeWidth={1.75} />;
    default:
      return assertNever(cause);
  }
}

function Notices({ id, notices }: { readonly id: TabId; readonly notices: readonly string[] }) {
  const controller = useController();
  return notices.map((notice) => (
    <div className="notice" data-testid={testIds.notice} key={notice} role="note">
      <Info aria-hidden size={16} strokeWidth={1.75} />
      <p>{notice}</p>
      <IconButton
        icon={X}
        label={strings.session.dismissNotice}
        onPress={() => controller.tabs.dismissNotice(id, notice)}
        testId={testIds.noticeDismiss}
      />
    </div>
  ));
}
