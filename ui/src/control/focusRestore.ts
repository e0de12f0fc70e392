/**
 * Where the keyboard goes when a dialog over the terminals closes by itself.
 *
 * A dialog gives the focus back to what had it before, a frame after it has gone. For a question that a connection raised
 * that is the row from which it was opened, and the list of the rows answers by focusing the row anew, once more a moment
 * later: after the terminal has taken the keyboard, and after somebody has begun to type there.
 */

/** What the dialogs' library sends to an element before it gives it the focus back. */
const RESTORE_EVENT = "react-aria-focus-scope-restore";

/**
 * Lets `restore` decide about the focus that a dialog gives back: true where it has taken it. Gives what to call when the
 * dialog has gone.
 */
export function redirectRestoredFocus(restore: (to: Element) => boolean): () => void {
  const redirect = (event: Event) => {
    if (!(event.target instanceof Element) || !restore(event.target)) return;
    // Before the lists hear of it, which would focus their row later on.
    event.stopImmediatePropagation();
    event.preventDefault();
  };
  window.addEventListener(RESTORE_EVENT, redirect, true);
  // The dialog has asked for its frame already, so that this comes after it.
  return () => {
    requestAnimationFrame(() => window.removeEventListener(RESTORE_EVENT, redirect, true));
  };
}
