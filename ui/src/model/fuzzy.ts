/**
 * Finds what somebody means by a few characters. Capitals and diacritics do not matter, but what is typed as it is
 * written counts a little more. The characters may stand apart; best are those that begin words or follow each other.
 */

/** A text made ready to be searched, once for as long as it is there. */
export interface Folded {
  readonly text: string;
  /** Without capitals and diacritics. */
  readonly plain: string;
  /** Where each unit of `plain` begins in `text`, and after the last its end; null where the places are the same. */
  readonly at: readonly number[] | null;
  /** What characters there are, roughly. */
  readonly mask: number;
}

/** Letters that are no letter with a mark to Unicode, but are to those who type them. */
const ALIKE: Readonly<Record<string, string>> = {
  ł: "l",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ı: "i",
};

const ASCII = /^[\0-\x7f]*$/;

/** No name is longer, and no time is lost on what is. */
const MAX_TEXT = 400;
const MAX_WORD = 64;

export function fold(whole: string): Folded {
  const text = whole.slice(0, MAX_TEXT);
  if (ASCII.test(text)) {
    const plain = text.toLowerCase();
    return { text, plain, at: null, mask: maskOf(plain) };
  }
  let plain = "";
  const at: number[] = [];
  let place = 0;
  for (const character of text) {
    for (const part of character.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()) {
      const folded = ALIKE[part] ?? part;
      for (let unit = folded.length; unit > 0; unit -= 1) at.push(place);
      plain += folded;
    }
    place += character.length;
  }
  at.push(text.length);
  return { text, plain, at, mask: maskOf(plain) };
}

/** A bit for each letter, one for all digits, and a few for the rest. */
function maskOf(plain: string): number {
  let mask = 0;
  for (const character of plain) {
    const code = character.charCodeAt(0);
    if (code >= 0x61 && code <= 0x7a) mask |= 1 << (code - 0x61);
    else if (code >= 0x30 && code <= 0x39) mask |= 1 << 26;
    else mask |= 1 << (27 + (code % 5));
  }
  return mask;
}

/** One word of what is typed. */
export type Word = Folded;

export const wordsOf = (typed: string): readonly Word[] =>
  typed
    .split(/\s+/)
    .map((word) => fold(word.slice(0, MAX_WORD)))
    .filter(({ plain }) => plain !== "");

/** Whether whatever has the later words has the earlier ones, so that one may look among what these have found. */
export const narrows = (later: readonly Word[], earlier: readonly Word[]): boolean =>
  later.length >= earlier.length &&
  earlier.every(({ plain }, index) => later[index]?.plain.startsWith(plain) === true);

/** Whether a word's characters are in a text, in their order. */
export function holds(word: Word, { plain, mask }: Folded): boolean {
  if ((word.mask & ~mask) !== 0) return false;
  let from = 0;
  for (let index = 0; index < word.plain.length; index += 1) {
    from = plain.indexOf(word.plain.charAt(index), from) + 1;
    if (from === 0) return false;
  }
  return true;
}

const MATCH = 16;
/** On top of it: at the beginning of a word, of the whole text, at a capital within a word, after the one before. */
const START = 10;
const FIRST = 2;
const HUMP = 7;
const RUN = 12;
/** Typed as it is written. */
const EXACT = 1;
/** Off it: for what lies between two matched characters. */
const GAP = 3;
const GAP_MORE = 1;

/** So much for each character is a match that nobody wonders about; below the other it is chance. */
const GOOD = 20;
const LEAST = 14;

/** A score as good as this is that of whole words and beginnings. */
export const isGood = (score: number, word: Word): boolean => score >= GOOD * word.plain.length;

const isWordUnit = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code > 0x7f;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

const placeOf = ({ at }: Folded, unit: number): number => at?.[unit] ?? unit;

function isCapital(text: Folded, unit: number): boolean {
  const written = text.text.charCodeAt(placeOf(text, unit));
  if (written <= 0x7f) return written >= 0x41 && written <= 0x5a;
  const character = text.text.charAt(placeOf(text, unit));
  return character !== character.toLowerCase();
}

/** What a place in a text is worth, whatever is before it. */
function worth(text: Folded, unit: number): number {
  if (unit === 0) return START + FIRST;
  const code = text.plain.charCodeAt(unit);
  const before = text.plain.charCodeAt(unit - 1);
  if (!isWordUnit(code)) return 0;
  if (!isWordUnit(before) || isDigit(code) !== isDigit(before)) return START;
  return isCapital(text, unit) && !isCapital(text, unit - 1) ? HUMP : 0;
}

/** Room for the scores of one match; made larger where needed. */
let best = new Float64Array(1024);
let from = new Int16Array(1024);

/**
 * How well a word fits a text, or null. `places` takes the units of the text that were matched, the last one first.
 */
export function score(word: Word, text: Folded, places?: number[]): number | null {
  if (!holds(word, text)) return null;
  return scoreOfRun(word, text, places) ?? scoreApart(word, text, places);
}

/** The usual case, which is also the best: the word in one piece at the beginning of another; else null. */
function scoreOfRun(word: Word, text: Folded, places?: number[]): number | null {
  const { length } = word.plain;
  let at = text.plain.indexOf(word.plain);
  while (at >= 0 && worth(text, at) < START) at = text.plain.indexOf(word.plain, at + 1);
  if (at < 0) return null;
  let sum = MATCH * length + RUN * (length - 1);
  for (let row = 0; row < length; row += 1) {
    sum += worth(text, at + row) + exactness(word, row, text, at + row);
    places?.push(at + length - 1 - row);
  }
  return sum;
}

const exactness = (word: Word, row: number, text: Folded, unit: number): number =>
  text.text.charCodeAt(placeOf(text, unit)) === word.text.charCodeAt(placeOf(word, row)) ? EXACT : 0;

/**
 * For each character of the word and each place: the best score of a match that ends there, from that of the character
 * before either next to it or further left.
 */
function scoreApart(word: Word, text: Folded, places?: number[]): number | null {
  const wanted = word.plain;
  const { plain } = text;
  const width = plain.length;
  const size = wanted.length * width;
  if (best.length < size) {
    best = new Float64Array(2 * size);
    from = new Int16Array(2 * size);
  }
  for (let row = 0; row < wanted.length; row += 1) {
    const code = wanted.charCodeAt(row);
    let apart = Number.NEGATIVE_INFINITY;
    let apartAt = -1;
    for (let unit = 0; unit < width; unit += 1) {
      const cell = row * width + unit;
      // What ended two or more to the left, less for each step since.
      if (row > 0 && unit >= 2) {
        apart -= GAP_MORE;
        const ended = (best[cell - width - 2] ?? Number.NEGATIVE_INFINITY) - GAP;
        if (ended > apart) {
          apart = ended;
          apartAt = unit - 2;
        }
      }
      if (plain.charCodeAt(unit) !== code) {
        best[cell] = Number.NEGATIVE_INFINITY;
        continue;
      }
      const own = MATCH + worth(text, unit) + exactness(word, row, text, unit);
      if (row === 0) {
        best[cell] = own;
        from[cell] = -1;
        continue;
      }
      // A run counts for more than where its characters stand.
      const run =
        unit > 0 ? (best[cell - width - 1] ?? Number.NEGATIVE_INFINITY) + RUN : Number.NEGATIVE_INFINITY;
      const joined = run >= apart;
      best[cell] = own + (joined ? run : apart);
      from[cell] = joined ? unit - 1 : apartAt;
    }
  }
  const last = (wanted.length - 1) * width;
  let end = -1;
  let highest = Number.NEGATIVE_INFINITY;
  for (let unit = 0; unit < width; unit += 1) {
    const here = best[last + unit] ?? Number.NEGATIVE_INFINITY;
    if (here > highest) {
      highest = here;
      end = unit;
    }
  }
  if (highest < LEAST * wanted.length) return null;
  for (let row = wanted.length - 1, unit = end; places && row >= 0; row -= 1) {
    places.push(unit);
    unit = from[row * width + unit] ?? -1;
  }
  return highest;
}

/** How well a word fits a text that has it in one piece, or null: for ids, in which letters mean nothing. */
export function scoreWhole(word: Word, text: Folded, places?: number[]): number | null {
  const at = (word.mask & ~text.mask) !== 0 ? -1 : text.plain.indexOf(word.plain);
  if (at < 0) return null;
  const { length } = word.plain;
  for (let unit = at; places && unit < at + length; unit += 1) places.push(unit);
  return MATCH * length + worth(text, at) + RUN * (length - 1);
}

/** A text cut where a match begins or ends; every second part, from the second on, is matched. */
export function parts(text: Folded, places: readonly number[]): readonly string[] {
  if (places.length === 0) return [text.text];
  const hit = new Uint8Array(text.text.length + 1);
  for (const unit of places) {
    const begin = placeOf(text, unit);
    // Several units may come of one character, which is marked as a whole.
    let after = unit + 1;
    while (text.at && after < text.plain.length && placeOf(text, after) === begin) after += 1;
    hit.fill(1, begin, placeOf(text, after));
  }
  const cut: string[] = [];
  let begin = 0;
  let inside = 0;
  for (let place = 0; place <= text.text.length; place += 1) {
    if (place < text.text.length && hit[place] === inside) continue;
    cut.push(text.text.slice(begin, place));
    begin = place;
    inside = 1 - inside;
  }
  return cut;
}
