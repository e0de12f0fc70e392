/** Where text may be parted, so that its end stays in sight while the middle is left out. */

const TAIL = 5;
/** Shorter texts have no middle worth leaving out. */
const SHORTEST = 14;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/**
 * Both parts together are the text. Only an end with a number in it is worth keeping, and only plain ends are parted from
 * the rest: others may be one sign or read leftwards.
 */
export function clipped(text: string): { readonly head: string; readonly tail: string } {
  const at = text.length - TAIL;
  const end = text.slice(at);
  const plain = /^[\x21-\x7e]{2}/.test(text.slice(at - 1)) && /^[\x20-\x7e]+$/.test(end);
  if (text.length < SHORTEST || !plain || !/\d/.test(end) || RIGHT_TO_LEFT.test(text))
    return { head: text, tail: "" };
  return { head: text.slice(0, at), tail: end };
}
