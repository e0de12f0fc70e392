/** The few things about the window that are kept between starts, in the page's own storage. */
import { type AppState, clamp, FONT, SIDEBAR } from "../model/appState";
import { MAX_RECENT } from "../model/palette";

type Settings = Pick<AppState, "sidebar" | "zoom" | "recent">;

const KEY = "sessiondeck.window";
/** Below this the sidebar starts hidden, unless it was left open. */
const NARROW = 700;
const ZOOM = { min: FONT.min - FONT.max, max: FONT.max - FONT.min };

export function loadSettings(): Settings {
  const usual: Settings = {
    sidebar: { open: window.innerWidth >= NARROW, width: SIDEBAR.usual },
    zoom: 0,
    recent: [],
  };
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (!isRecord(stored)) return usual;
    const sidebar = isRecord(stored["sidebar"]) ? stored["sidebar"] : {};
    return {
      sidebar: {
        open: typeof sidebar["open"] === "boolean" ? sidebar["open"] : usual.sidebar.open,
        width: typeof sidebar["width"] === "number" ? clamp(sidebar["width"], SIDEBAR) : SIDEBAR.usual,
      },
      zoom: typeof stored["zoom"] === "number" ? clamp(stored["zoom"], ZOOM) : 0,
      recent: (Array.isArray(stored["recent"]) ? stored["recent"] : [])
        .filter((id): id is string => typeof id === "string")
        .slice(0, MAX_RECENT),
    };
  } catch {
    // Storage may be switched off or hold nonsense: then the window starts as new.
    return usual;
  }
}

let saved = "";

export function saveSettings({ sidebar, zoom, recent }: Settings): void {
  const text = JSON.stringify({ sidebar, zoom, recent });
  if (text === saved) return;
  saved = text;
  try {
    localStorage.setItem(KEY, text);
  } catch {
    // As above.
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
