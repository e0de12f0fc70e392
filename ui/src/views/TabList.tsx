import { Bell, ChevronDown } from "lucide-react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";

import { activate, sessionOf, stateMark } from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useApp, useController } from "./context";

/** All tabs by name, for when the strip has no room for them. */
export function TabList() {
  const controller = useController();
  const { list, active } = useApp((state) => state.tabs);
  if (list.length < 2) return null;
  return (
    <MenuTrigger>
      <Button aria-label={strings.tab.list} className="icon-button" data-testid={testIds.tabList}>
        <ChevronDown aria-hidden size={16} strokeWidth={1.75} />
      </Button>
      <Popover className="popover tab-list" placement="bottom end">
        <Menu
          className="menu"
          onAction={(key) => controller.desk.changeTabs((all) => activate(all, String(key)))}
          selectedKeys={active === null ? [] : [active]}
          selectionMode="single"
        >
          {list.map((tab) => {
            const session = sessionOf(tab);
            const name = session?.profile.name ?? strings.start.tab;
            return (
              <MenuItem className="menu-item tab-list-item" id={tab.id} key={tab.id} textValue={name}>
                <span
                  aria-hidden
                  className="state-mark"
                  data-state={session ? stateMark(session.state) : "start"}
                />
                <span className="tab-list-name ellipsis" dir="auto">
                  {name}
                </span>
                {session && session.remoteTitle !== "" ? (
                  <span className="tab-remote" dir="auto">
                    {session.remoteTitle}
                  </span>
                ) : null}
                {tab.bell ? <Bell aria-hidden className="tab-bell" size={12} strokeWidth={2} /> : null}
                {tab.unseen && !tab.bell ? <span aria-hidden className="tab-unseen" /> : null}
              </MenuItem>
            );
          })}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
