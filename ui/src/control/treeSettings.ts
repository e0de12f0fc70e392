/** How the sidebar's tree is shown, kept between starts in the page's own storage. */
import { type Expansion, SORT_ORDERS, type SortOrder } from "../model/profileTree";

export interface TreeSettings {
  readonly sort: SortOrder;
  readonly expansion: Expansion;
}

const KEY = "sessiondeck.tree";
const USUAL: TreeSettings = { sort: "manual", expansion: {} };

export function loadTreeSettings(): TreeSettings {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (!isRecord(stored)) return USUAL;
    const expansion = isRecord(stored["expansion"]) ? stored["expansion"] : {};
    return {
      sort: SORT_ORDERS.find((each) => each === stored["sort"]) ?? "manual",
      expansion: Object.fromEntries(
        Object.entries(expansion).filter(
          (entry): entry is [string, boolean] => typeof entry[1] === "boolean",
        ),
      ),
    };
  } catch {
    // Storage may be switched off or hold nonsense: then the tree starts as new.
    return USUAL;
  }
}

export function saveTreeSettings(settings: TreeSettings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // As above.
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
