/** What is looked for in the scrollback: a text or a regular expression, made safe to run on every line. */

export interface SearchQuery {
  readonly text: string;
  readonly regularExpression: boolean;
  readonly matchCase: boolean;
  readonly wholeWord: boolean;
}

/** Why a query cannot be run. */
export type QueryProblem =
  | { readonly kind: "invalid"; readonly message: string }
  /** It may take longer than anybody waits, on a line made for that. */
  | { readonly kind: "endless" };

export type Compiled =
  | { readonly kind: "nothing" }
  | { readonly kind: "problem"; readonly problem: QueryProblem }
  | { readonly kind: "ready"; readonly find: (line: string) => readonly Span[] };

/** Where a match is within a line. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A line with more matches than this has enough of them. */
const MOST_IN_LINE = 500;

export function compileQuery({ text, regularExpression, matchCase, wholeWord }: SearchQuery): Compiled {
  if (text === "") return { kind: "nothing" };
  if (regularExpression && isEndless(text)) return { kind: "problem", problem: { kind: "endless" } };
  const flags = `g${matchCase ? "" : "i"}${regularExpression ? "" : "u"}`;
  let expression: RegExp;
  try {
    expression = new RegExp(regularExpression ? text : escaped(text), flags);
  } catch (reason) {
    const message = reason instanceof Error ? reason.message.replace(/^.*\/[gimsuy]*: /, "") : "";
    return { kind: "problem", problem: { kind: "invalid", message } };
  }
  return {
    kind: "ready",
    find: (line) => {
      const spans: Span[] = [];
      expression.lastIndex = 0;
      for (let match = expression.exec(line); match; match = expression.exec(line)) {
        const from = match.index;
        const to = from + match[0].length;
        if (to === from) expression.lastIndex += 1;
        else if (!wholeWord || (isEdge(line, from) && isEdge(line, to))) spans.push({ from, to });
        if (spans.length >= MOST_IN_LINE || expression.lastIndex > line.length) break;
      }
      return spans;
    },
  };
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const WORD = /[\p{L}\p{N}\p{M}_]/u;

/** Whether no word goes on across this place. */
function isEdge(line: string, at: number): boolean {
  const before = /[\s\S]$/u.exec(line.slice(0, at))?.[0] ?? "";
  const after = /^[\s\S]/u.exec(line.slice(at))?.[0] ?? "";
  return !(WORD.test(before) && WORD.test(after));
}

interface Frame {
  /** Elements of the alternative so far that must match something and are repeated at most once. */
  firm: number;
  /** Elements that may be repeated without end. */
  loose: number;
  /** Whether some alternative can be repeated without end in more than one way. */
  doubtful: boolean;
}

/**
 * Whether an expression repeats without end what itself can be repeated without end with nothing firm between, such as
 * `(a+)+` or `(\w+\s?)*`. Matching those can double its time with each character of a line.
 */
export function isEndless(source: string): boolean {
  const frame = (): Frame => ({ firm: 0, loose: 0, doubtful: false });
  const close = (each: Frame): boolean => each.doubtful || (each.firm === 0 && each.loose > 0);
  const stack: Frame[] = [frame()];
  let at = 0;
  const top = (): Frame => stack[stack.length - 1] ?? frame();

  const element = (doubtful: boolean): boolean => {
    const repeat = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(source.slice(at));
    at += repeat?.[0].length ?? 0;
    const mark = repeat?.[0] ?? "";
    const endless =
      /^[*+]/.test(mark) ||
      (mark.startsWith("{") && repeat?.[2] === "," && !(Number(repeat[3]) <= 10 && repeat[3] !== ""));
    if (endless) {
      if (doubtful) return true;
      top().loose += 1;
    } else if (mark.startsWith("?") || repeat?.[1] === "0") {
      // What may be missing holds nothing apart.
      if (doubtful) top().loose += 1;
    } else if (doubtful) top().loose += 1;
    else top().firm += 1;
    return false;
  };

  while (at < source.length) {
    const character = source[at] ?? "";
    if (character === "(") {
      at += /^\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/.exec(source.slice(at))?.[0].length ?? 1;
      stack.push(frame());
    } else if (character === ")") {
      const inner = stack.length > 1 ? stack.pop() : undefined;
      at += 1;
      if (element(inner ? close(inner) : false)) return true;
    } else if (character === "|") {
      const here = top();
      here.doubtful = close(here);
      here.firm = 0;
      here.loose = 0;
      at += 1;
    } else if (character === "^" || character === "$") {
      at += 1;
    } else {
      at += atomLength(source, at);
      if (element(false)) return true;
    }
  }
  return false;
}

function atomLength(source: string, at: number): number {
  if (source[at] === "\\") return 2;
  if (source[at] !== "[") return 1;
  const whole = /^\[(?:\\[\s\S]|[^\]\\])*\]?/.exec(source.slice(at));
  return whole?.[0].length ?? 1;
}
