import type { IDockviewPanelHeaderProps } from "dockview-react";
import { Bell, Columns2, Pin, RadioTower, X } from "lucide-react";
import { useEffect, useRef } from "react";

import { chordFor } from "../model/bindings";
import { isProduction } from "../model/profiles";
import {
  focusedPane,
  hasBell,
  isIdle,
  isUnseen,
  nameOf,
  othersOf,
  panesIn,
  rightOf,
  sessionOf,
  type TabId,
} from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { Clipped } from "./Clipped";
import { type MenuEntry, useContextMenu } from "./ContextMenu";
import { useApp, useController, useTab } from "./context";
import { TabMark } from "./panes/TabMark";

/** What a tab shows: state by shape and colour, its name, the far end's own title, what was missed. */
export function TabHeader({ api }: IDockviewPanelHeaderProps) {
  const { id } = api;
  const controller = useController();
  const tab = useTab(id);
  const renaming = useApp((state) => state.renaming === id);
  const together = useApp(({ broadcast }) => panesIn(tab).some((pane) => broadcast?.has(pane.id)));
  const { open, menu } = useTabMenu(id);
  if (!tab) return null;
  const session = sessionOf(tab);
  const name = nameOf(tab) || strings.start.tab;
  const title = session?.remoteTitle ?? "";
  const bell = hasBell(tab);
  const unseen = isUnseen(tab);
  const panes = panesIn(tab).length;
  return (
    <div
      className="tab"
      data-bell={bell || undefined}
      data-colour={session?.profile.colour ?? "none"}
      data-pinned={tab.pinned || undefined}
      data-production={(session !== null && isProduction(session.profile)) || undefined}
      data-state={session ? (isIdle(session) ? "idle" : session.state.kind) : "start"}
      data-tab-id={id}
      data-testid={testIds.tab}
      data-unseen={unseen || undefined}
      onAuxClick={(event) => {
        if (event.button !== 1) return;
        event.preventDefault();
        controller.tabs.close(id);
      }}
      onContextMenu={open}
      onDoubleClick={() => controller.tabs.rename(id)}
      title={strings.tab.hint(name, title)}
    >
      <TabMark tab={tab} />
      {together ? <RadioTower aria-hidden className="tab-together" size={13} strokeWidth={2} /> : null}
      {renaming ? (
        <NameField id={id} name={name} />
      ) : (
        <span className="tab-text">
          <Clipped className="tab-name" testId={testIds.tabTitle} text={name} />{" "}
          {title === "" || tab.pinned ? null : (
            <span className="tab-remote" dir="auto" data-testid={testIds.tabRemoteTitle}>
              {title}
            </span>
          )}
        </span>
      )}
      {panes > 1 ? (
        <span aria-hidden className="tab-panes" data-count={panes}>
          <Columns2 aria-hidden size={12} strokeWidth={1.75} />
        </span>
      ) : null}
      {bell ? <Bell aria-hidden className="tab-bell" size={12} strokeWidth={2} /> : null}
      {unseen && !bell ? <span aria-hidden className="tab-unseen" /> : null}
      {tab.pinned ? (
        <Pin aria-hidden className="tab-pin" size={12} strokeWidth={2} />
      ) : (
        /* Not a stop of its own: Delete on the tab and the close key do the same. */
        <span
          aria-hidden
          className="tab-close"
          data-testid={testIds.tabClose}
          onClick={(event) => {
            event.stopPropagation();
            controller.tabs.close(id);
          }}
          onDoubleClick={(event) => event.stopPropagation()}
          onPointerDown={(event) => event.stopPropagation()}
          title={strings.tab.close(name)}
        >
          <X size={14} strokeWidth={1.75} />
        </span>
      )}
      {menu}
    </div>
  );
}

/** The tab's name while it is being changed. The strip around it must not take its keys. */
function NameField({ id, name }: { readonly id: TabId; readonly name: string }) {
  const controller = useController();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const input = field.current;
    if (!input) return;
    input.focus();
    input.select();
    let done = false;
    const finish = (take: boolean) => {
      if (done) return;
      done = true;
      if (take) controller.tabs.renamed(id, input.value);
      else controller.tabs.rename(null);
    };
    const onKeyDown = (event: KeyboardEvent) => {
      event.stopPropagation();
      if (event.isComposing) return;
      if (event.key === "Enter") finish(true);
      if (event.key === "Escape") finish(false);
    };
    const onBlur = () => finish(true);
    const keep = (event: Event) => event.stopPropagation();
    input.addEventListener("keydown", onKeyDown);
    input.addEventListener("blur", onBlur);
    input.addEventListener("pointerdown", keep);
    return () => {
      input.removeEventListener("keydown", onKeyDown);
      input.removeEventListener("blur", onBlur);
      input.removeEventListener("pointerdown", keep);
    };
  }, [controller, id]);
  return (
    <input
      aria-label={strings.tabs.name}
      className="tab-rename"
      data-testid={testIds.tabRename}
      defaultValue={name}
      maxLength={100}
      onDoubleClick={(event) => event.stopPropagation()}
      ref={field}
    />
  );
}

function useTabMenu(id: TabId) {
  const controller = useController();
  const { mac } = controller;
  return useContextMenu(strings.menu.tab, (): readonly MenuEntry[] => {
    const { tabs } = controller.store.state();
    const tab = tabs.list.find((each) => each.id === id);
    const session = sessionOf(tab);
    const pane = focusedPane(tab);
    return [
      {
        id: "rename",
        label: strings.tabs.rename,
        chord: chordFor("renameTab", mac),
        disabled: session === null,
        run: () => controller.tabs.rename(id),
      },
      {
        id: "pin",
        label: tab?.pinned ? strings.tabs.unpin : strings.tabs.pin,
        chord: chordFor("pinTab", mac),
        disabled: session === null,
        run: () => controller.tabs.togglePin(id),
      },
      {
        id: "duplicate",
        label: strings.menu.duplicateTab,
        chord: chordFor("duplicateTab", mac),
        disabled: session === null,
        run: () => controller.tabs.duplicate(id),
      },
      {
        id: "splitRight",
        label: strings.actions.splitRight,
        chord: chordFor("splitPane", mac),
        apart: true,
        disabled: session === null,
        run: () => controller.tabs.split(id, "row"),
      },
      {
        id: "splitDown",
        label: strings.actions.splitDown,
        disabled: session === null,
        run: () => controller.tabs.split(id, "column"),
      },
      {
        id: "restart",
        label: strings.menu.restart,
        chord: chordFor("restart", mac),
        disabled: session?.state.kind !== "ended",
        run: () => pane && controller.tabs.restart(pane.id),
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
        disabled: othersOf(tabs, id).length === 0,
        run: () => controller.tabs.closeOthers(id),
      },
      {
        id: "closeToRight",
        label: strings.actions.closeToRight,
        disabled: rightOf(tabs, id).length === 0,
        run: () => controller.tabs.closeToRight(id),
      },
      {
        id: "reopen",
        label: strings.actions.reopenTab,
        chord: chordFor("reopenTab", mac),
        disabled: tabs.closed.length === 0,
        run: () => void controller.tabs.reopen(),
      },
    ];
  });
}
