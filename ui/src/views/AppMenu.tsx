import { Menu as MenuIcon } from "lucide-react";
import { Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover } from "react-aria-components";

import { APP_MENU, menuChord, menuName } from "../model/appMenu";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useController } from "./context";
import { IconButton } from "./IconButton";

const text = strings.desktop;

/** All that the application can do, with its keys; a Mac has it in its menu bar instead. */
export function AppMenu() {
  const controller = useController();
  const { mac } = controller;
  if (mac) return null;
  return (
    <MenuTrigger>
      <IconButton icon={MenuIcon} label={text.menu} testId={testIds.appMenu} />
      <Popover aria-label={text.menu} className="popover" placement="bottom start">
        <Menu
          aria-label={text.menu}
          className="menu app-menu"
          onAction={(id) => controller.desktop.choose(String(id))}
        >
          {APP_MENU.map((section) => (
            <MenuSection aria-label={text.sections[section.id]} className="app-menu-section" key={section.id}>
              <Header className="app-menu-header">{text.sections[section.id]}</Header>
              {section.entries.map((entry) => {
                const name = menuName(entry);
                const chord = menuChord(entry, mac);
                return (
                  <MenuItem
                    className="menu-item"
                    data-testid={`${testIds.appMenu}-${entry.id}`}
                    id={entry.id}
                    key={entry.id}
                    textValue={name}
                  >
                    <span>{name}</span>
                    {chord ? <kbd>{chord}</kbd> : null}
                  </MenuItem>
                );
              })}
            </MenuSection>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
