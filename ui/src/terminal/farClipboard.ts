/** What the far end may ask of the clipboard (OSC 52): to put text on it, where a person allows that. It is never read. */

const MOST_BYTES = 100 * 1024;

/** The text that an OSC 52 sequence wants on the clipboard; null where it asks to read, or for what is not taken. */
export function clipboardRequest(data: string): string | null {
  const match = /^[cps0-7]*;([A-Za-z0-9+/]*={0,2})$/.exec(data);
  const encoded = match?.[1];
  if (!encoded || encoded.length > Math.ceil(MOST_BYTES / 3) * 4) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // A line end behind it would run what is pasted into a shell.
    const kept = text.replace(/[\r\n]+$/, "");
    return kept === "" || bytes.length > MOST_BYTES ? null : kept;
  } catch {
    return null;
  }
}
