import { KeyRound, PanelLeftClose, PanelLeftOpen, Plus, Settings } from "lucide-react";
import type { PointerEvent as ReactPointerEvent } from "react";
import { Button } from "react-aria-components";

import { SIDEBAR } from "../../model/appState";
import { chordFor } from "../../model/bindings";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { AppMenu } from "../AppMenu";
import { useApp, useController } from "../context";
import { IconButton } from "../IconButton";
import { ProfileTreeView } from "./ProfileTreeView";

export function Sidebar() {
  const controller = useController();
  const { open, width } = useApp((state) => state.sidebar);
  const toggleChord = chordFor("toggleSidebar", controller.mac);
  if (!open) {
    return (
      <nav
        aria-label={strings.sidebar.label}
        className="rail"
        data-focus-region
        data-testid={testIds.sidebar}
      >
        <AppMenu />
        <IconButton
          chord={toggleChord}
          icon={PanelLeftOpen}
          label={strings.sidebar.show}
          onPress={() => controller.window.toggleSidebar()}
          testId={testIds.sidebarToggle}
        />
        <IconButton
          icon={Plus}
          label={strings.sidebar.newProfile}
          onPress={() => controller.profiles.edit(null)}
          testId={testIds.newProfile}
        />
        <IconButton
          className="rail-last"
          icon={KeyRound}
          label={strings.aws.open}
          onPress={() => controller.credentials.show()}
          testId={testIds.awsOpen}
        />
        <IconButton
          chord={chordFor("showSettings", controller.mac)}
          icon={Settings}
          label={strings.settings.title}
          onPress={() => controller.settings.show()}
          testId={testIds.settingsOpen}
        />
      </nav>
    );
  }
  return (
    <nav
      aria-label={strings.sidebar.label}
      className="sidebar"
      data-focus-region
      data-testid={testIds.sidebar}
      style={{ width }}
    >
      <header className="sidebar-header">
        <Logo />
        <h1>{strings.app.name}</h1>
        <AppMenu />
        <IconButton
          icon={Plus}
          label={strings.sidebar.newProfile}
          onPress={() => controller.profiles.edit(null)}
          testId={testIds.newProfile}
        />
        <IconButton
          chord={toggleChord}
          icon={PanelLeftClose}
          label={strings.sidebar.hide}
          onPress={() => controller.window.toggleSidebar()}
          testId={testIds.sidebarToggle}
        />
      </header>
      <ProfileNavigator />
      <Foot />
      <WidthHandle />
    </nav>
  );
}

function Logo() {
  return (
    <svg aria-hidden className="logo" height="20" viewBox="0 0 20 20" width="20">
      <rect className="logo-back" height="11" rx="3" width="13" x="6" y="2" />
      <rect className="logo-front" height="12" rx="3" width="14" x="1" y="6" />
      <path className="logo-prompt" d="M4.5 10l2.5 2-2.5 2M9 14.2h3" />
    </svg>
  );
}

function Foot() {
  const controller = useController();
  const version = useApp((state) => state.info?.version ?? "");
  return (
    <footer className="sidebar-footer">
      <Button
        className="sidebar-aws"
        data-testid={testIds.awsOpen}
        onPress={() => controller.credentials.show()}
      >
        <KeyRound aria-hidden size={14} strokeWidth={1.75} />
        {strings.aws.open}
      </Button>
      <span className="ellipsis">{version ? strings.app.version(version) : ""}</span>
      <IconButton
        chord={chordFor("showSettings", controller.mac)}
        icon={Settings}
        label={strings.settings.title}
        onPress={() => controller.settings.show()}
        testId={testIds.settingsOpen}
      />
    </footer>
  );
}

function ProfileNavigator() {
  const controller = useController();
  const profiles = useApp((state) => state.profiles);
  switch (profiles.kind) {
    case "loading":
      return <p className="sidebar-note">{strings.sidebar.loading}</p>;
    case "failed":
      return (
        <div className="sidebar-note" role="alert">
          <p>
            {strings.sidebar.failed} {profiles.message}
          </p>
          <Button className="button" onPress={() => void controller.profiles.load()}>
            {strings.sidebar.retry}
          </Button>
        </div>
      );
    case "ready":
      return <ProfileTreeView profiles={profiles.list} />;
  }
}

const KEY_STEP = 16;

function WidthHandle() {
  const controller = useController();
  const width = useApp((state) => state.sidebar.width);
  const drag = (event: ReactPointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    controller.window.setSidebarWidth(event.clientX);
  };
  return (
    <div
      aria-label={strings.sidebar.resize}
      aria-orientation="vertical"
      aria-valuemax={SIDEBAR.max}
      aria-valuemin={SIDEBAR.min}
      aria-valuenow={width}
      className="width-handle"
      onDoubleClick={() => controller.window.setSidebarWidth(SIDEBAR.usual)}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") controller.window.setSidebarWidth(width - KEY_STEP);
        else if (event.key === "ArrowRight") controller.window.setSidebarWidth(width + KEY_STEP);
        else return;
        event.preventDefault();
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
      }}
      onPointerMove={drag}
      role="separator"
      tabIndex={0}
    />
  );
}
