/** The bundled font. It must be there before a terminal opens, or cells are measured with another one. */

export const TERMINAL_FONT_FAMILY = '"JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace';

let loading: Promise<void> | null = null;

/** Ends when the font is there, or when it is certain that it will not come: then the next one of the family serves. */
export function loadTerminalFont(): Promise<void> {
  loading ??= Promise.all(
    ['400 13px "JetBrains Mono"', '700 13px "JetBrains Mono"', 'italic 400 13px "JetBrains Mono"'].map(
      (font) => document.fonts.load(font),
    ),
  ).then(
    () => undefined,
    () => undefined,
  );
  return loading;
}
