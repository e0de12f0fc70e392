import type { Controller } from "../../control/controller";
import { type ActionEntry, ACTIONS } from "../../model/actions";
import { keymap } from "../../model/bindings";
import { activeTab, panesIn } from "../../model/tabs";
import type { MenuEntry } from "../ContextMenu";

const ALWAYS = ["splitRight", "splitDown"];
const WITH_SEVERAL = ["zoomPane", "resizePane", "detachPane"];

/** What a menu offers for the focused pane. */
export function paneEntries(controller: Controller): readonly MenuEntry[] {
  const several = panesIn(activeTab(controller.store.state().tabs)).length > 1;
  const entries: readonly ActionEntry[] = ACTIONS;
  return [...ALWAYS, ...WITH_SEVERAL, "toggleBroadcast", "toggleRecording"].flatMap(
    (id, index): readonly MenuEntry[] => {
      const entry = entries.find((each) => each.id === id);
      if (!entry) return [];
      const chord = keymap(controller.mac).bindingsOf(entry.id)[0]?.chord;
      return [
        {
          id,
          label: entry.name,
          ...(chord === undefined ? {} : { chord }),
          apart: index === 0,
          disabled: WITH_SEVERAL.includes(id) && !several,
          run: () => void controller.perform(entry.action),
        },
      ];
    },
  );
}
