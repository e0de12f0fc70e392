import { createContext, useContext } from "react";

import type { AppState } from "../model/appState";
import type { PaneId } from "../model/layout";
import { paneById, type Tab, tabById, type TabId, type TabSession } from "../model/tabs";
import type { Controller } from "../control/controller";
import { useStore } from "./useStore";

export const ControllerContext = createContext<Controller | null>(null);

export function useController(): Controller {
  const controller = useContext(ControllerContext);
  if (!controller) throw new Error("no controller around this view");
  return controller;
}

/** A part of the window's state; `select` must give the same object while nothing changed. */
export function useApp<Part>(select: (state: AppState) => Part): Part {
  return useStore(useController().store, select);
}

export function useTab(id: TabId): Tab | undefined {
  return useApp((state) => tabById(state.tabs, id));
}

/** The session in a pane. */
export function useTabSession(id: PaneId): TabSession | null {
  return useApp((state) => paneById(state.tabs, id)?.session ?? null);
}
