/**
 * Titles set by the far end. They are shown beside the profile's own name, never in its place, and hold nothing that
 * could reorder, hide or overflow what stands around them.
 */

const MAX_CHARACTERS = 200;

/** Control characters, format characters (bidirectional, zero-width), lone surrogates, private and unassigned ones. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu;

/** A title fit to be shown; empty where nothing remains. */
export function cleanTitle(raw: string): string {
  const text = raw
    .slice(0, 5 * MAX_CHARACTERS)
    .replace(/[\p{Zs}\p{Zl}\p{Zp}\t\n\r]+/gu, " ")
    .replace(UNSHOWABLE, "")
    // More than two marks on one letter climb out of their line.
    .replace(/(\p{M}{2})\p{M}+/gu, "$1")
    .replace(/ {2,}/g, " ")
    .trim();
  return Array.from(text).slice(0, MAX_CHARACTERS).join("");
}
