import {
  Ellipsis,
  KeyRound,
  PanelLeftClose,
  PanelLeftOpen,
  Plus,
  Search,
  Settings,
  Terminal,
  X,
} from "lucide-react";
import { type PointerEvent as ReactPointerEvent, useState } from "react";
import {
  Button,
  GridList,
  GridListItem,
  Input,
  MenuTrigger,
  Popover,
  SearchField,
} from "react-aria-components";

import type { Profile } from "../generated/Profile";
import { profileList, SIDEBAR } from "../model/appState";
import { chordFor } from "../model/bindings";
import { filterProfiles } from "../model/profiles";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { AppMenu } from "./AppMenu";
import { Clipped } from "./Clipped";
import { MenuEntries, type MenuEntry, useContextMenu } from "./ContextMenu";
import { useApp, useController } from "./context";
import { IconButton } from "./IconButton";

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
  const [typed, setTyped] = useState("");
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
    case "ready": {
      const shown = filterProfiles(profiles.list, typed);
      return (
        <>
          <SearchField
            aria-label={strings.sidebar.filter}
            className="filter"
            onChange={setTyped}
            onKeyDown={(event) => {
              const first = shown[0];
              if (event.key !== "Enter" || typed === "" || !first) {
                event.continuePropagation();
                return;
              }
              // Focus: the opened terminal takes the keyboard from no field
              if (event.target instanceof HTMLElement) event.target.blur();
              controller.tabs.open(first);
            }}
            value={typed}
          >
            <Search aria-hidden size={14} strokeWidth={1.75} />
            <Input
              data-testid={testIds.filter}
              placeholder={strings.sidebar.filterPlaceholder}
              spellCheck="false"
            />
            <Button aria-label={strings.sidebar.clearFilter} className="filter-clear">
              <X aria-hidden size={14} strokeWidth={1.75} />
            </Button>
          </SearchField>
          <ProfileRows profiles={shown} typed={typed} />
        </>
      );
    }
  }
}

function ProfileRows({ profiles, typed }: { readonly profiles: readonly Profile[]; readonly typed: string }) {
  const controller = useController();
  const alone = useApp((state) => profileList(state).length <= 1);
  const [target, setTarget] = useState<Profile | null>(null);
  const { open, menu } = useContextMenu(target ? strings.sidebar.menu(target.name) : "", () =>
    target ? entriesFor(target, controller) : [],
  );
  if (profiles.length === 0) return <p className="sidebar-note">{strings.sidebar.noMatch(typed)}</p>;
  return (
    <>
      <GridList
        aria-label={strings.sidebar.label}
        className="profile-list"
        data-testid={testIds.profileList}
        items={profiles}
        onContextMenu={(event) => {
          const row = event.target instanceof Element ? event.target.closest("[data-profile-id]") : null;
          const profile = profiles.find(({ id }) => id === row?.getAttribute("data-profile-id"));
          if (!profile) return;
          setTarget(profile);
          open(event);
        }}
        onAction={(key) => {
          const profile = profiles.find(({ id }) => id === key);
          if (profile) controller.tabs.open(profile);
        }}
        selectionBehavior="replace"
        selectionMode="single"
      >
        {(profile) => <ProfileRow profile={profile} />}
      </GridList>
      {menu}
      {alone && typed === "" ? <p className="sidebar-note">{strings.sidebar.none}</p> : null}
    </>
  );
}

function ProfileRow({ profile }: { readonly profile: Profile }) {
  const controller = useController();
  return (
    <GridListItem
      className="profile-row"
      data-profile-id={profile.id}
      data-profile-name={profile.name}
      data-testid={testIds.profileRow}
      id={profile.id}
      textValue={profile.name}
    >
      <span aria-hidden className="profile-mark" data-colour={profile.colour}>
        {profile.builtIn ? <Terminal size={14} strokeWidth={2} /> : null}
      </span>
      <span className="profile-text">
        <span className="profile-name">
          <span className="ellipsis" dir="auto">
            {profile.name}
          </span>
          {profile.builtIn ? <span className="badge">{strings.sidebar.builtIn}</span> : null}
        </span>
        <ProfileDetail profile={profile} />
      </span>
      <MenuTrigger>
        <Button
          aria-label={strings.sidebar.menu(profile.name)}
          className="icon-button row-menu"
          data-testid={testIds.profileMenuButton}
        >
          <Ellipsis aria-hidden size={16} strokeWidth={1.75} />
        </Button>
        <Popover className="popover" placement="bottom end">
          <MenuEntries entries={entriesFor(profile, controller)} label={strings.sidebar.menu(profile.name)} />
        </Popover>
      </MenuTrigger>
    </GridListItem>
  );
}

/** What tells one profile from another below its name. The target gives way to the region, but keeps its end. */
export function ProfileDetail({ profile }: { readonly profile: Profile }) {
  if (profile.builtIn) return <span className="profile-detail ellipsis">{strings.sidebar.localTarget}</span>;
  const target = profile.target.startsWith("ecs:")
    ? (profile.target.split("_")[0] ?? profile.target)
    : profile.target;
  return (
    <span className="profile-detail">
      <Clipped text={target} />
      {profile.region === null ? null : <span className="profile-region">{` · ${profile.region}`}</span>}
    </span>
  );
}

function entriesFor(profile: Profile, controller: ReturnType<typeof useController>): readonly MenuEntry[] {
  const open: MenuEntry = {
    id: "open",
    label: strings.menu.open,
    testId: testIds.menuOpen,
    run: () => controller.tabs.open(profile),
  };
  if (profile.builtIn) return [open];
  return [
    open,
    {
      id: "edit",
      label: strings.menu.edit,
      testId: testIds.menuEdit,
      apart: true,
      run: () => controller.profiles.edit(profile),
    },
    {
      id: "duplicate",
      label: strings.menu.duplicate,
      testId: testIds.menuDuplicate,
      run: () => void controller.profiles.duplicate(profile),
    },
    {
      id: "delete",
      label: strings.menu.remove,
      testId: testIds.menuDelete,
      danger: true,
      apart: true,
      run: () => controller.profiles.askToDelete(profile),
    },
  ];
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
