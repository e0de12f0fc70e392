/** The window around the tabs: sidebar, text size, and going round its regions. */
import { clamp, FONT, SIDEBAR } from "../model/appState";
import { focusPane } from "../model/tabs";
import type { Desk } from "./desk";
import type { TerminalControl } from "./terminalControl";
import { saveSettings } from "./windowSettings";

export class WindowControl {
  #baseFontSize: number = FONT.usual;

  constructor(
    private readonly desk: Desk,
    private readonly terminals: TerminalControl,
  ) {
    desk.store.subscribe(() => {
      const { sidebar, zoom, recent } = desk.store.state();
      saveSettings({ sidebar, zoom, recent });
    });
  }

  toggleSidebar(): void {
    this.desk.store.update((state) => ({
      ...state,
      sidebar: { ...state.sidebar, open: !state.sidebar.open },
    }));
  }

  setSidebarWidth(width: number): void {
    this.desk.store.update((state) => ({
      ...state,
      sidebar: { ...state.sidebar, width: clamp(width, SIDEBAR) },
    }));
  }

  zoom(by: 1 | -1 | 0): void {
    const { fontSize } = this.desk.store.state();
    const zoom = by === 0 ? 0 : clamp(fontSize + by, FONT) - this.#baseFontSize;
    this.desk.set({ zoom });
    this.setBaseFontSize(this.#baseFontSize);
  }

  /** What the settings say; the window's zoom stays on top of it. */
  setBaseFontSize(base: number): void {
    this.#baseFontSize = base;
    const before = this.desk.store.state();
    const fontSize = clamp(base + before.zoom, FONT);
    if (fontSize === before.fontSize) return;
    this.desk.set({ fontSize });
    this.terminals.forEach((terminal) => terminal.setFontSize(fontSize));
  }

  refreshThemes(): void {
    this.terminals.forEach((terminal) => terminal.refreshTheme());
  }

  /** Goes round sidebar, tabs, terminal and status bar, so that no region is a trap. */
  focusRegion(by: 1 | -1): void {
    const regions = Array.from(document.querySelectorAll<HTMLElement>("[data-focus-region]")).filter(
      (region) => region.offsetParent !== null,
    );
    const stops = regions
      .map((region) =>
        region.matches("[tabindex='0']")
          ? region
          : region.querySelector<HTMLElement>(
              "textarea.xterm-helper-textarea, [role=tab][tabindex='0'], [role=row][tabindex='0'], button, input",
            ),
      )
      .filter((stop): stop is HTMLElement => stop !== null);
    if (stops.length === 0) return;
    const here = regions.findIndex((region) => region.contains(document.activeElement));
    const next = stops[(((here + by) % stops.length) + stops.length) % stops.length];
    next?.focus();
    const pane = next?.closest<HTMLElement>("[data-pane-id]")?.dataset["paneId"];
    if (pane !== undefined) this.desk.changeTabs((all) => focusPane(all, pane));
  }
}
