import type { IDockviewPanelHeaderProps } from "dockview-react";
import { Bell, X } from "lucide-react";

import { chordFor } from "../model/bindings";
import { sessionOf, stateMark } from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { Clipped } from "./Clipped";
import { useContextMenu } from "./ContextMenu";
import { useApp, useController, useTab } from "./context";

/** What a tab shows: state by shape and colour, the profile's name, the far end's own title, what was missed. */
export function TabHeader({ api }: IDockviewPanelHeaderProps) {
  const { id } = api;
  const controller = useController();
  const tab = useTab(id);
  const others = useApp((state) => state.tabs.list.length > 1);
  const session = sessionOf(tab);
  const name = session?.profile.name ?? strings.start.tab;
  const { mac } = controller;
  const { open, menu } = useContextMenu(strings.menu.tab, () => [
    {
      id: "duplicate",
      label: strings.menu.duplicateTab,
      chord: chordFor("duplicateTab", mac),
      disabled: session === null,
      run: () => controller.tabs.duplicate(id),
    },
    {
      id: "restart",
      label: strings.menu.restart,
      chord: chordFor("restart", mac),
      disabled: session?.state.kind !== "ended",
      run: () => controller.tabs.restart(id),
    },
    {
      id: "close",
      label: strings.menu.closeTab,
      chord: chordFor("closeTab", mac),
      apart: true,
      run: () => controller.tabs.close(id),
    },
    {
      id: "closeOthers",
      label: strings.menu.closeOthers,
      disabled: !others,
      run: () => controller.tabs.closeOthers(id),
    },
  ]);
  if (!tab) return null;
  const title = session?.remoteTitle ?? "";
  return (
    <div
      className="tab"
      data-bell={tab.bell || undefined}
      data-colour={session?.profile.colour ?? "none"}
      data-state={session?.state.kind ?? "start"}
      data-tab-id={id}
      data-testid={testIds.tab}
      data-unseen={tab.unseen || undefined}
      onAuxClick={(event) => {
        if (event.button !== 1) return;
        event.preventDefault();
        controller.tabs.close(id);
      }}
      onContextMenu={open}
      title={strings.tab.hint(name, title)}
    >
      <span aria-hidden className="state-mark" data-state={session ? stateMark(session.state) : "start"} />
      <span className="tab-text">
        <Clipped className="tab-name" testId={testIds.tabTitle} text={name} />{" "}
        {title === "" ? null : (
          <span className="tab-remote" dir="auto" data-testid={testIds.tabRemoteTitle}>
            {title}
          </span>
        )}
      </span>
      {tab.bell ? <Bell aria-hidden className="tab-bell" size={12} strokeWidth={2} /> : null}
      {tab.unseen && !tab.bell ? <span aria-hidden className="tab-unseen" /> : null}
      {/* Not a stop of its own: Delete on the tab and the close key do the same. */}
      <span
        aria-hidden
        className="tab-close"
        data-testid={testIds.tabClose}
        onClick={(event) => {
          event.stopPropagation();
          controller.tabs.close(id);
        }}
        onPointerDown={(event) => event.stopPropagation()}
        title={strings.tab.close(name)}
      >
        <X size={14} strokeWidth={1.75} />
      </span>
      {menu}
    </div>
  );
}
