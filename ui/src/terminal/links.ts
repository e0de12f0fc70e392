/**
 * Which addresses on the screen may be opened. Output is not to be trusted: only `http` and `https`, and the host is
 * shown as the browser will see it (punycode), so that look-alike letters cannot hide.
 */

/** An address that may be opened once a person asks for it. */
export interface Link {
  /** The address as parsed, which is what is opened. */
  readonly url: string;
  /** The host as the browser sees it. */
  readonly host: string;
  /** Whether what is shown on the screen differs from what would be opened, so that one must be asked. */
  readonly deceptive: boolean;
}

const MAX_LENGTH = 2048;

/** Null where the target may not be opened at all. */
export function checkLink(target: string, shown: string): Link | null {
  if (target.length > MAX_LENGTH || /[\p{Cc}\p{Cf}\s]/u.test(target)) return null;
  let parsed: URL;
  try {
    parsed = new URL(target);
  } catch {
    return null;
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return null;
  if (parsed.hostname === "") return null;
  const honest =
    shown.trim() === target &&
    parsed.username === "" &&
    parsed.password === "" &&
    !parsed.hostname.split(".").some((label) => label.startsWith("xn--"));
  return { url: parsed.href, host: parsed.host, deceptive: !honest };
}
