import { ChevronDown } from "lucide-react";

import { chordFor } from "../model/bindings";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useApp, useController } from "./context";
import { IconButton } from "./IconButton";

/** Opens the list of all tabs, for when the strip has no room for them. */
export function TabList() {
  const controller = useController();
  const several = useApp((state) => state.tabs.list.length > 1);
  if (!several) return null;
  return (
    <IconButton
      chord={chordFor("searchTabs", controller.mac)}
      icon={ChevronDown}
      label={strings.actions.searchTabs}
      onPress={() => void controller.perform({ kind: "searchTabs" })}
      testId={testIds.tabList}
    />
  );
}
