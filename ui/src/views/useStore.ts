import { useSyncExternalStore } from "react";

import type { Store } from "../model/store";

/** A part of the store's value. `select` must give the same object while nothing changed. */
export function useStore<State, Part>(store: Store<State>, select: (state: State) => Part): Part {
  return useSyncExternalStore(store.subscribe, () => select(store.state()));
}
