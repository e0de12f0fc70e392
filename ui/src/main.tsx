/** Starts the window: with the application's backend where there is one, else with the one inside the page. */
import "@xterm/xterm/css/xterm.css";
import "dockview-react/dist/styles/dockview.css";
import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/sidebar.css";
import "./styles/tree.css";
import "./styles/dock.css";
import "./styles/session.css";
import "./styles/panes.css";
import "./styles/palette.css";
import "./styles/connection.css";
import "./styles/dialogs.css";
import "./styles/asking.css";
import "./styles/terminal.css";
import "./styles/credentials.css";
import "./styles/desktop.css";
import "./styles/firstSignIn.css";
import "./styles/profileForm.css";
import "./styles/keys.css";
import "./styles/settings.css";
import "./styles/recordings.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import type { Host } from "./host/host";
import { strings } from "./strings";
import { DEFAULT_TERMINAL_PREFERENCES, type TerminalPreferences } from "./terminal/preferences";
import { App } from "./views/App";
import { Controller } from "./control/controller";

async function chooseHost(): Promise<Host> {
  if ("__TAURI_INTERNALS__" in window) return (await import("./host/tauriHost")).tauriHost;
  return (await import("./host/demoHost")).createDemoHost(new URLSearchParams(location.search));
}

async function main(root: HTMLElement): Promise<void> {
  const controller = new Controller(await chooseHost());
  await controller.start();
  // In a plain browser the address may choose; the window's own has none.
  const chosen = new URLSearchParams(location.search).get("terminal");
  if (chosen !== null)
    controller.terminals.panes.setPreferences({
      ...DEFAULT_TERMINAL_PREFERENCES,
      ...(JSON.parse(chosen) as Partial<TerminalPreferences>),
    });
  createRoot(root).render(
    <StrictMode>
      <App controller={controller} />
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) {
  main(root).catch((reason: unknown) => {
    root.textContent = `${strings.failure} ${reason instanceof Error ? reason.message : ""}`;
  });
}
