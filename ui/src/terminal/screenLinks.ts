/** The links in sight, plain and marked (OSC 8), for whoever cannot or does not point at them. */
import type { ILinkProvider, Terminal } from "@xterm/xterm";

import { checkLink, type Link } from "./links";

/** A link with what is shown in its place. */
export interface ScreenLink {
  readonly link: Link;
  readonly shown: string;
}

/**
 * xterm.js has no public way to ask for the links of a row; its providers, its own for OSC 8 among them, answer the
 * question that the mouse asks. Where they are not to be found there are no links to list.
 */
function providers(terminal: Terminal): readonly ILinkProvider[] {
  const core = (terminal as unknown as { _core?: { _linkProviderService?: { linkProviders?: unknown } } })
    ._core;
  const found = core?._linkProviderService?.linkProviders;
  return Array.isArray(found) ? (found as ILinkProvider[]) : [];
}

/** From top to bottom, each address once. */
export function screenLinks(
  terminal: Terminal,
  textIn: (range: { start: { x: number; y: number }; end: { x: number; y: number } }) => string,
): readonly ScreenLink[] {
  const found = new Map<string, ScreenLink>();
  const cell = ({ x, y }: { x: number; y: number }) => y * terminal.cols + x;
  const taken: { readonly from: number; readonly to: number }[] = [];
  const { viewportY } = terminal.buffer.active;
  for (let row = 1; row <= terminal.rows; row += 1) {
    for (const provider of providers(terminal)) {
      provider.provideLinks(viewportY + row, (links) => {
        for (const { text, range } of links ?? []) {
          const from = cell(range.start);
          const to = cell(range.end);
          // A marked link covers the address that its text may look like, as it does for the mouse.
          if (taken.some((each) => from <= each.to && to >= each.from)) continue;
          taken.push({ from, to });
          const shown = textIn(range);
          const link = checkLink(text, shown);
          if (link && !found.has(`${link.url} ${shown}`)) found.set(`${link.url} ${shown}`, { link, shown });
        }
      });
    }
  }
  return [...found.values()];
}
