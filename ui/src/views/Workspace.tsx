import {
  type DockviewApi,
  DockviewReact,
  type DockviewReadyEvent,
  type DockviewTheme,
  type IDockviewPanelProps,
} from "dockview-react";
import { Plus } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, useEffect, useRef } from "react";

import { chordFor } from "../model/bindings";
import {
  activate,
  hasBell,
  isIdle,
  isUnseen,
  nameOf,
  panesIn,
  reorder,
  sessionOf,
  type Tab,
  tabById,
  type Tabs,
} from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useApp, useController, useTab } from "./context";
import { IconButton } from "./IconButton";
import { PaneArea } from "./panes/PaneArea";
import { StartPage } from "./StartPage";
import { TabHeader } from "./TabHeader";
import { TabList } from "./TabList";

const THEME: DockviewTheme = {
  name: "sessiondeck",
  className: "dock",
  tabAnimation: "smooth",
  dndTabIndicator: "line",
};
const COMPONENTS = { tab: TabPanel };

/**
 * The tabs and their panes. The model says which tabs there are, in which order and which is in front; dockview shows
 * that, and what a person drags or clicks in it comes back as changes of the model.
 */
export function Workspace() {
  const controller = useController();
  const tabs = useApp((state) => state.tabs);
  const dock = useRef<DockviewApi | null>(null);
  const syncing = useRef(false);

  const sync = (shown: Tabs) => {
    const api = dock.current;
    if (!api) return;
    syncing.current = true;
    try {
      show(api, shown);
    } finally {
      syncing.current = false;
    }
  };
  useEffect(() => sync(tabs), [tabs]);

  const ready = ({ api }: DockviewReadyEvent) => {
    dock.current = api;
    api.onDidAddGroup(({ element }) => {
      const strip = element.querySelector<HTMLElement>(".dv-tabs-and-actions-container");
      if (strip) strip.dataset["focusRegion"] = "";
    });
    api.onDidActivePanelChange(() => {
      const id = api.activePanel?.id;
      if (!syncing.current && id !== undefined) controller.desk.changeTabs((all) => activate(all, id));
    });
    api.onDidMovePanel(() => {
      if (syncing.current) return;
      const ids = api.groups.flatMap((group) => group.panels.map((panel) => panel.id));
      controller.desk.changeTabs((all) => reorder(all, ids));
    });
    api.onDidRemovePanel(({ id }) => {
      // Delete on a tab closes it in dockview first.
      if (syncing.current) return;
      controller.tabs.close(id);
      // A pinned one is asked about first.
      if (tabById(controller.store.state().tabs, id)) sync(controller.store.state().tabs);
    });
    // One strip of tabs, for now: they can be put in order, but not dropped beside or onto each other's panes.
    api.onWillShowOverlay((event) => {
      if (event.kind !== "tab" && event.kind !== "header_space") event.preventDefault();
    });
    api.onWillDragGroup((event) => event.nativeEvent.preventDefault());
    sync(controller.store.state().tabs);
  };

  /** On the empty part of the strip: a new tab. */
  const onStrip = ({ target, type, button }: MouseEvent) => {
    if (
      target instanceof Element &&
      target.closest(".dv-void-container") &&
      (type === "dblclick" || button === 1)
    )
      controller.tabs.openStart();
  };
  /** F2 belongs to the shell, but not while a tab has the keyboard. */
  const onKeyDown = ({ key, target }: KeyboardEvent) => {
    if (key !== "F2" || !(target instanceof HTMLElement) || !target.matches(".dv-tab")) return;
    const id = target.querySelector<HTMLElement>("[data-tab-id]")?.dataset["tabId"];
    if (id !== undefined) controller.tabs.rename(id);
  };

  return (
    <div className="workspace" onAuxClick={onStrip} onDoubleClick={onStrip} onKeyDown={onKeyDown}>
      <DockviewReact
        announcements={false}
        components={COMPONENTS}
        defaultRenderer="always"
        defaultTabComponent={TabHeader}
        disableFloatingGroups
        disableTabsOverflowList
        dndEdges={false}
        dndStrategy="pointer"
        leftHeaderActionsComponent={NewTabButton}
        onReady={ready}
        rightHeaderActionsComponent={TabList}
        scrollbars="native"
        theme={THEME}
        watermarkComponent={StartPage}
      />
    </div>
  );
}

/** Makes dockview show what the model says. */
function show(api: DockviewApi, tabs: Tabs): void {
  for (const panel of api.panels) if (!tabs.list.some(({ id }) => id === panel.id)) api.removePanel(panel);
  tabs.list.forEach((tab, index) => {
    const title = accessibleTitle(tab);
    const panel = api.getPanel(tab.id);
    const referenceGroup = api.groups[0];
    if (!panel) {
      const position = referenceGroup ? { position: { referenceGroup, index } } : {};
      api.addPanel({ id: tab.id, component: "tab", title, ...position });
    }
    if (panel && panel.title !== title) panel.api.setTitle(title);
  });
  const group = api.groups[0];
  if (group) {
    tabs.list.forEach((tab, index) => {
      if (group.panels[index]?.id === tab.id) return;
      api.getPanel(tab.id)?.api.moveTo({ group, index, skipSetActive: true });
    });
  }
  if (tabs.active !== null && api.activePanel?.id !== tabs.active) api.getPanel(tabs.active)?.api.setActive();
}

/** What a screen reader says of a tab: name, state, and what was missed. */
function accessibleTitle(tab: Tab): string {
  const session = sessionOf(tab);
  if (!session) return strings.start.tab;
  return [
    `${nameOf(tab)} ${session.remoteTitle}`.trim(),
    isIdle(session) ? strings.tabs.idleState : strings.tab.states[session.state.kind],
    panesIn(tab).length > 1 ? strings.tabs.panes(panesIn(tab).length) : "",
    tab.pinned ? strings.tabs.pinned : "",
    isUnseen(tab) ? strings.tab.unseen : "",
    hasBell(tab) ? strings.tab.bell : "",
  ]
    .filter(Boolean)
    .join(", ");
}

function TabPanel({ api }: IDockviewPanelProps) {
  const tab = useTab(api.id);
  if (!tab) return null;
  return tab.content.kind === "start" ? <StartPage /> : <PaneArea content={tab.content} tab={tab.id} />;
}

function NewTabButton() {
  const controller = useController();
  return (
    <IconButton
      chord={chordFor("newTab", controller.mac)}
      className="new-tab"
      icon={Plus}
      label={strings.tab.newTab}
      onPress={() => controller.tabs.openStart()}
      testId={testIds.newTab}
    />
  );
}
