import { CircleAlert, Info, TriangleAlert, Unplug, X } from "lucide-react";
import { useEffect } from "react";
import { Button } from "react-aria-components";

import type { StoreNotice } from "../generated/StoreNotice";
import { assertNever } from "../model/assertNever";
import { actionFor } from "../model/bindings";
import { strings } from "../strings";
import { isWebViewShortcut, keyPress } from "../terminal/keys";
import { testIds } from "../testIds";
import { AboutDialog } from "./AboutDialog";
import { AwsDialog } from "./aws/AwsDialog";
import { ControllerContext, useApp, useController } from "./context";
import type { Controller } from "../control/controller";
import { CredentialQuestions } from "./CredentialQuestions";
import { IconButton } from "./IconButton";
import { ImportDialog } from "./ImportDialog";
import { LinkDialog } from "./LinkDialog";
import { BroadcastDialog } from "./panes/BroadcastDialog";
import { CloseTabsDialog } from "./panes/CloseTabsDialog";
import { TabSearch } from "./panes/TabSearch";
import { PaletteDialog } from "./palette/PaletteDialog";
import { ProfileDialog } from "./profile/ProfileDialog";
import { Questions } from "./Questions";
import { QuitDialog } from "./QuitDialog";
import { MoveDialog } from "./sidebar/MoveDialog";
import { Sidebar } from "./sidebar/Sidebar";
import { SettingsDialog } from "./settings/SettingsDialog";
import { RecordingsDialog } from "./recordings/RecordingsDialog";
import { Workspace } from "./Workspace";

export function App({ controller }: { readonly controller: Controller }) {
  useWindowKeys(controller);
  useColourScheme(controller);
  return (
    <ControllerContext value={controller}>
      <div className="window">
        <StoreNotices />
        <Orphans />
        <div className="window-body">
          <Sidebar />
          <Workspace />
        </div>
      </div>
      <Dialogs />
      <CredentialQuestions />
      <Questions />
      <LinkDialog />
      <QuitDialog />
      <Toasts />
      <LiveRegion />
    </ControllerContext>
  );
}

/** The application's keys, before any part of the page sees them, and an end to the web view's own. */
function useWindowKeys(controller: Controller): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.isComposing) return;
      const press = keyPress(event);
      const action = press.altGraph ? null : actionFor(press, controller.mac);
      const target = event.target instanceof Element ? event.target : null;
      const inTerminal = Boolean(target?.closest(".terminal-host"));
      const inField = !inTerminal && target?.matches("input, textarea, [contenteditable]") === true;
      const inDialog = Boolean(target?.closest("[role=dialog], [role=alertdialog]"));
      const editing = ["copy", "paste", "selectAll", "scroll", "clear"].includes(action?.kind ?? "");
      if (action && !inDialog && !(editing && !inTerminal) && !inField) {
        if (controller.perform(action)) {
          event.preventDefault();
          event.stopPropagation();
          return;
        }
      }
      // A terminal decides by itself: what it encodes must reach the shell.
      if (!inTerminal && isWebViewShortcut(press, controller.mac)) event.preventDefault();
    };
    const prevent = (event: Event) => event.preventDefault();
    const preventOutsideFields = (event: Event) => {
      const target = event.target instanceof Element ? event.target : null;
      if (!target?.closest("input, textarea:not(.xterm-helper-textarea)")) event.preventDefault();
    };
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      if (event.deltaY !== 0) controller.window.zoom(event.deltaY < 0 ? 1 : -1);
    };
    window.addEventListener("keydown", onKeyDown, { capture: true });
    window.addEventListener("contextmenu", preventOutsideFields);
    window.addEventListener("dragover", prevent);
    window.addEventListener("drop", prevent);
    window.addEventListener("wheel", onWheel, { capture: true, passive: false });
    return () => {
      window.removeEventListener("keydown", onKeyDown, { capture: true });
      window.removeEventListener("contextmenu", preventOutsideFields);
      window.removeEventListener("dragover", prevent);
      window.removeEventListener("drop", prevent);
      window.removeEventListener("wheel", onWheel, { capture: true });
    };
  }, [controller]);
}

/** Terminals hold colours of their own, which must follow the system's scheme. */
function useColourScheme(controller: Controller): void {
  useEffect(() => {
    const queries = [
      "(prefers-color-scheme: dark)",
      "(prefers-contrast: more)",
      "(forced-colors: active)",
    ].map((query) => matchMedia(query));
    const refresh = () => controller.settings.apply();
    for (const query of queries) query.addEventListener("change", refresh);
    return () => {
      for (const query of queries) query.removeEventListener("change", refresh);
    };
  }, [controller]);
}

function Dialogs() {
  const dialog = useApp((state) => state.dialog);
  if (!dialog) return null;
  switch (dialog.kind) {
    case "profileForm":
      return (
        <ProfileDialog
          initial={dialog.initial ?? null}
          folder={dialog.folder ?? ""}
          key={dialog.profile?.id ?? "new"}
          profile={dialog.profile}
        />
      );
    case "moveProfiles":
      return <MoveDialog items={dialog.items} what={dialog.what} />;
    case "aws":
      return <AwsDialog signIn={dialog.signIn ?? false} />;
    case "import":
      return <ImportDialog />;
    case "about":
      return <AboutDialog />;
    case "closeTabs":
      return <CloseTabsDialog ids={dialog.tabs} />;
    case "broadcast":
      return <BroadcastDialog />;
    case "tabSearch":
      return <TabSearch />;
    case "palette":
      return <PaletteDialog initial={dialog.typed} />;
    case "settings":
      return <SettingsDialog initial={dialog.search ?? ""} />;
    case "recordings":
      return <RecordingsDialog />;
    default:
      return assertNever(dialog);
  }
}

function StoreNotices() {
  const controller = useController();
  const notices = useApp((state) => state.storeNotices);
  return notices.map((notice, index) => {
    const { title, text } = storeNoticeText(notice);
    return (
      <div
        className="banner"
        data-kind={notice.kind}
        data-testid={testIds.storeNotice}
        key={`${title} ${text}`}
        role="alert"
      >
        <TriangleAlert aria-hidden size={18} strokeWidth={1.75} />
        <p>
          <strong>{title}</strong> {text}
        </p>
        <IconButton
          icon={X}
          label={strings.notices.dismiss}
          onPress={() => controller.profiles.dismissNotice(index)}
        />
      </div>
    );
  });
}

/** What an earlier run left open at the service. */
function Orphans() {
  const controller = useController();
  const orphans = useApp((state) => state.orphans);
  if (orphans.length === 0) return null;
  return (
    <div className="banner" data-testid={testIds.orphans} role="alert">
      <Unplug aria-hidden size={18} strokeWidth={1.75} />
      <p>
        <strong>{strings.orphans.title(orphans.length)}</strong> {strings.orphans.text(orphans)}
      </p>
      <Button
        className="button"
        data-testid={testIds.orphansEnd}
        onPress={() => void controller.orphans.end()}
      >
        {strings.orphans.end(orphans.length)}
      </Button>
      <Button
        className="button"
        data-testid={testIds.orphansLeave}
        onPress={() => void controller.orphans.leave()}
      >
        {strings.orphans.leave}
      </Button>
    </div>
  );
}

function storeNoticeText(notice: StoreNotice): { title: string; text: string } {
  const text = strings.notices;
  switch (notice.kind) {
    case "damaged":
      return {
        title: text.damagedTitle,
        text: text.damagedText(notice.problem, notice.keptAs, notice.restored),
      };
    case "missing":
      return { title: text.missingTitle, text: text.missingText(notice.restored) };
    case "newer":
      return { title: text.newerTitle, text: text.newerText(notice.schema) };
    case "teamFile":
      return { title: text.teamFileTitle, text: notice.problem };
    case "unreadable":
      return { title: text.unreadableTitle, text: notice.problem };
    default:
      return assertNever(notice);
  }
}

function Toasts() {
  const controller = useController();
  const toasts = useApp((state) => state.toasts);
  return (
    <div aria-label={strings.toast.region} aria-live="polite" className="toasts" role="log">
      {toasts.map(({ id, tone, message, action, dismissed }) => (
        <div className="toast" data-testid={testIds.toast} data-tone={tone} key={id}>
          {tone === "error" ? (
            <CircleAlert aria-hidden size={16} strokeWidth={1.75} />
          ) : (
            <Info aria-hidden size={16} strokeWidth={1.75} />
          )}
          <p>{message}</p>
          {action ? (
            <Button
              className="button toast-action"
              data-testid={testIds.toastAction}
              onPress={() => {
                controller.desk.dismissToast(id);
                action.run();
              }}
            >
              {action.label}
            </Button>
          ) : null}
          <IconButton
            icon={X}
            label={strings.toast.dismiss}
            onPress={() => {
              controller.desk.dismissToast(id);
              dismissed?.();
            }}
          />
        </div>
      ))}
    </div>
  );
}

/** Says changes of state aloud. */
function LiveRegion() {
  const announcement = useApp((state) => state.announcement);
  return (
    <div aria-live="polite" className="visually-hidden" data-testid={testIds.liveRegion} role="status">
      {announcement}
    </div>
  );
}
