/**
 * Controls that nobody can reach: outside the window, or cut off by a part that does not scroll. Runs inside the page, so
 * it uses nothing from around it.
 */
export function hiddenControls() {
  const SLACK = 1;
  const found = [];
  for (const element of document.querySelectorAll("button, input, textarea, [role=tab], [role=menuitem]")) {
    if (element.closest(".xterm, [aria-hidden=true], [inert]")) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    let box = element.getBoundingClientRect();
    if (box.width <= SLACK || box.height <= SLACK) continue;
    // Those that are drawn by something else, such as a radio button's label.
    if (getComputedStyle(element.parentElement).clipPath !== "none") continue;
    let reachable = true;
    for (let part = element.parentElement; part && reachable; part = part.parentElement) {
      const style = getComputedStyle(part);
      const edge = part.getBoundingClientRect();
      const across = box.left < edge.left - SLACK || box.right > edge.right + SLACK;
      const down = box.top < edge.top - SLACK || box.bottom > edge.bottom + SLACK;
      if (/auto|scroll/.test(style.overflowX) || /auto|scroll/.test(style.overflowY)) {
        // Scrolls into sight; what matters from here on is where the scrolling part is.
        if (across || down) box = edge;
      } else if (style.overflow !== "visible" && (across || down)) {
        reachable = false;
      }
      if (style.position === "fixed") break;
    }
    const outside =
      box.left < -SLACK ||
      box.top < -SLACK ||
      box.right > innerWidth + SLACK ||
      box.bottom > innerHeight + SLACK;
    if (reachable && !outside) continue;
    const name = element.getAttribute("aria-label") ?? element.dataset.testid ?? element.textContent;
    found.push(`${name} at ${[box.left, box.top, box.right, box.bottom].map(Math.round).join(" ")}`);
  }
  return found;
}
