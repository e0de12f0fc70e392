/**
 * Widths of characters by grapheme cluster, with an end to how many may join in one cell: drawing thousands of marks in
 * one place keeps the web view busy for half a second a time.
 */
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import type { IDisposable, IUnicodeVersionProvider, Terminal } from "@xterm/xterm";

/** Far above what any language or emoji needs. */
const MOST_JOINED = 31;
/** In xterm.js's packed properties: joins what is before. */
const JOINS = 1;

function capped(provider: IUnicodeVersionProvider): IUnicodeVersionProvider {
  let joined = 0;
  return {
    version: provider.version,
    wcwidth: (codepoint) => provider.wcwidth(codepoint),
    charProperties: (codepoint, preceding) => {
      const properties = provider.charProperties(codepoint, preceding);
      joined = (properties & JOINS) === 0 ? 0 : joined + 1;
      if (joined <= MOST_JOINED) return properties;
      joined = 0;
      return provider.charProperties(codepoint, 0);
    },
  };
}

export function loadGraphemes(terminal: Pick<Terminal, "unicode">): IDisposable {
  const { unicode } = terminal;
  const addon = new UnicodeGraphemesAddon();
  // The add-on uses nothing else of a terminal.
  const narrow: unknown = {
    unicode: {
      register: (provider: IUnicodeVersionProvider) => unicode.register(capped(provider)),
      get activeVersion() {
        return unicode.activeVersion;
      },
      set activeVersion(version: string) {
        unicode.activeVersion = version;
      },
    },
  };
  addon.activate(narrow as Terminal);
  return addon;
}
