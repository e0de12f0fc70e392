import { Bell, Search } from "lucide-react";
import { useState } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";

import { matchingTabs } from "../../model/tabSearch";
import { activate, hasBell, isUnseen, nameOf, sessionOf, type TabId } from "../../model/tabs";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";
import { TabMark } from "./TabMark";

/** All tabs, found by what they are called, where they lead and what runs in them. */
export function TabSearch() {
  const controller = useController();
  const { list, active } = useApp((state) => state.tabs);
  const [typed, setTyped] = useState("");
  const found = matchingTabs(list, typed);
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      list.findIndex(({ id }) => id === active),
    ),
  );
  const chosen = found[Math.min(at, found.length - 1)];
  const close = () => controller.desk.closeDialog();
  const go = (id: TabId) => {
    close();
    controller.desk.changeTabs((all) => activate(all, id));
  };
  return (
    <ModalOverlay
      className="overlay overlay-top"
      isDismissable
      isOpen
      onOpenChange={(open) => (open ? undefined : close())}
    >
      <Modal className="modal tab-search">
        <Dialog aria-label={strings.actions.searchTabs} className="dialog" data-testid={testIds.tabSearch}>
          <div className="tab-search-field">
            <Search aria-hidden size={16} strokeWidth={1.75} />
            <input
              aria-activedescendant={chosen ? `tab-search-${chosen.id}` : undefined}
              aria-autocomplete="list"
              aria-controls="tab-search-list"
              aria-expanded
              aria-label={strings.actions.searchTabs}
              autoFocus
              onChange={(event) => {
                setTyped(event.target.value);
                setAt(0);
              }}
              onKeyDown={(event) => {
                const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
                if (event.key === "Enter" && chosen) go(chosen.id);
                else if (by !== 0 && found.length > 0)
                  setAt((before) => (Math.min(before, found.length - 1) + by + found.length) % found.length);
                else return;
                event.preventDefault();
              }}
              placeholder={strings.tabs.searchPlaceholder}
              role="combobox"
              value={typed}
            />
          </div>
          <ul aria-label={strings.tab.list} className="tab-search-list" id="tab-search-list" role="listbox">
            {found.map((tab) => {
              const session = sessionOf(tab);
              return (
                <li
                  aria-selected={tab === chosen}
                  className="tab-search-item"
                  data-chosen={tab === chosen || undefined}
                  data-testid={testIds.tabSearchItem}
                  id={`tab-search-${tab.id}`}
                  key={tab.id}
                  onClick={() => go(tab.id)}
                  ref={(element) => {
                    if (tab === chosen) element?.scrollIntoView({ block: "nearest" });
                  }}
                  role="option"
                >
                  <TabMark tab={tab} />
                  <span className="tab-search-name ellipsis" dir="auto">
                    {nameOf(tab) || strings.start.tab}
                  </span>
                  {session && !session.profile.builtIn ? <code>{session.profile.target}</code> : null}
                  {session && session.remoteTitle !== "" ? (
                    <span className="tab-remote" dir="auto">
                      {session.remoteTitle}
                    </span>
                  ) : null}
                  {hasBell(tab) ? <Bell aria-label={strings.tab.bell} size={12} strokeWidth={2} /> : null}
                  {isUnseen(tab) && !hasBell(tab) ? <span aria-hidden className="tab-unseen" /> : null}
                </li>
              );
            })}
          </ul>
          {found.length === 0 ? <p className="tab-search-none">{strings.tabs.searchNone}</p> : null}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
