/**
 * Gives the keyboard to what has just come to the front, and keeps it there until the press that brought it is over.
 *
 * A terminal that has just been made cannot take the focus yet: its font is on the way, its pane has no place. And
 * lists, buttons and menus take the focus back when their press ends, on the release of the key or a frame after the
 * menu has gone. Whoever presses something new, or is in a dialog or menu, is left alone.
 */

/** What wants the keyboard. */
export interface FocusTarget {
  readonly element: HTMLElement;
  focus(): void;
}

/** The claim ends this long after the last event of its press. Nothing takes the focus back later. */
const SETTLED_MS = 500;
/** What cannot take the focus for so long never will. */
const PATIENCE_MS = 15_000;
/** Somebody who takes it back this often is not a list at the end of its press. */
const RECLAIMS = 16;
/** These hold the keyboard by right. */
const MODAL = "[role=dialog], [role=alertdialog], [role=menu], [role=listbox]";

/** Focuses `target` and stands for it; gives what to call to leave it at that. */
export function claimFocus(target: FocusTarget): () => void {
  const end = new AbortController();
  const { signal } = end;
  const stop = () => end.abort();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let frame = 0;
  let granted = false;
  let reclaims = 0;

  const extend = () => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(stop, granted ? SETTLED_MS : PATIENCE_MS);
  };
  const hasIt = () => target.element.contains(document.activeElement);
  // At each frame, since what had the focus may be gone from the page without a word. Never in answer to a focus event:
  // who is just giving the focus to somebody would take it for theirs to restore, and neither would ever give in.
  const look = () => {
    if (hasIt()) {
      if (!granted) {
        granted = true;
        extend();
      }
    } else if (document.activeElement?.closest(MODAL)) {
      extend();
    } else {
      if (granted) reclaims += 1;
      if (reclaims > RECLAIMS) stop();
      else target.focus();
    }
    if (!signal.aborted) frame = requestAnimationFrame(look);
  };
  const another = (event: Event) => {
    // Whoever types on before the keyboard is there is waiting for it to come.
    if (event instanceof KeyboardEvent && (event.repeat || !hasIt())) extend();
    else stop();
  };

  signal.addEventListener("abort", () => {
    cancelAnimationFrame(frame);
    if (timer !== null) clearTimeout(timer);
  });
  for (const name of ["keydown", "pointerdown"])
    window.addEventListener(name, another, { capture: true, signal });
  for (const name of ["keyup", "pointerup", "click"])
    window.addEventListener(name, extend, { capture: true, signal });
  extend();
  look();
  return stop;
}
