import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { preparePaste, reviewPaste } from "./paste";

const bytesOf = (text: string, bracketed: boolean) => {
  const paste = preparePaste(text, bracketed);
  return Array.from(new TextEncoder().encode(paste.before + paste.text + paste.after));
};

/** Text that leans towards what breaks out of brackets. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\x1b[201~",
        "\x1b[200~",
        "\x1b",
        "\x9b201~",
        "\x9b",
        "\r\n",
        "\n",
        "\r",
        "\t",
        "\x03",
        "\x7f",
      ),
      fc.constantFrom("rm -rf ~", "[201~", "é", "漢", "😀", "\u202e", "\ud800", "\u0085"),
      fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
      fc.string({ maxLength: 4, unit: "binary" }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

/** More where somebody has the time: the promise is a million. */
const CASES = Number(process.env["SESSIONDECK_PASTE_CASES"] ?? 20_000);

describe("preparePaste", () => {
  it("never lets a control character through, and escapes only in its own brackets", () => {
    const opening = Array.from(new TextEncoder().encode("\x1b[200~"));
    const closing = Array.from(new TextEncoder().encode("\x1b[201~"));
    fc.assert(
      fc.property(hostileText, fc.boolean(), (text, bracketed) => {
        let bytes = bytesOf(text, bracketed);
        if (bracketed) {
          expect(bytes.slice(0, opening.length)).toEqual(opening);
          expect(bytes.slice(-closing.length)).toEqual(closing);
          bytes = bytes.slice(opening.length, -closing.length);
        }
        for (const [index, byte] of bytes.entries()) {
          if (byte < 0x20 && byte !== 0x09 && byte !== 0x0d) throw new Error(`control ${byte} at ${index}`);
          if (byte === 0x7f) throw new Error(`DEL at ${index}`);
          // U+0080 to U+009F in UTF-8.
          const next = bytes[index + 1] ?? 0;
          if (byte === 0xc2 && next >= 0x80 && next <= 0x9f) throw new Error(`C1 at ${index}`);
        }
      }),
      { numRuns: CASES },
    );
  }, 120_000);

  it("keeps everything that is not a control character, in order", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const printable = text.replace(/\p{Cc}/gu, "");
        expect(preparePaste(printable, false).text).toBe(printable);
      }),
      { numRuns: 5_000 },
    );
  });

  it("cannot be broken out of by the sequence that ends bracketed paste", () => {
    expect(preparePaste("safe\x1b[201~\nrm -rf ~\n", true)).toEqual({
      before: "\x1b[200~",
      text: "safe\u241b[201~\rrm -rf ~\r",
      after: "\x1b[201~",
    });
  });

  it("makes every kind of line end one carriage return", () => {
    expect(preparePaste("a\r\nb\nc\rd\r\r\ne", false).text).toBe("a\rb\rc\rd\r\re");
  });

  it("keeps tabs and shows other controls by symbols", () => {
    expect(preparePaste("\t\0\x07\x7f\x9b", false).text).toBe("\t\u2400\u2407\u2421\ufffd");
  });
});

describe("reviewPaste", () => {
  it("lets one plain line go at once", () => {
    expect(reviewPaste("ls -la\t/tmp", false)).toBeNull();
  });

  it("asks about several lines only where the shell would run them one by one", () => {
    expect(reviewPaste("one\r\ntwo", false)?.concerns).toEqual(["lines"]);
    expect(reviewPaste("one\r\ntwo", true)).toBeNull();
  });

  it("asks about a single line that would run at once", () => {
    expect(reviewPaste("reboot\n", false)).toMatchObject({ concerns: ["lines"], lines: 1 });
  });

  it("counts the lines that a person sees", () => {
    expect(reviewPaste("one\r\ntwo\r\n", false)?.lines).toBe(2);
    expect(reviewPaste("one\n\n", false)?.lines).toBe(2);
    expect(reviewPaste("one\ntwo", false)?.lines).toBe(2);
  });

  it("asks about control and hidden characters even in brackets, and shows them", () => {
    const review = reviewPaste("a\x1b[201~b\u202ec", true);
    expect(review?.concerns).toEqual(["controls", "hidden"]);
    expect(review?.shown).toBe("a\u241b[201~b⟨U+202E⟩c");
  });

  it("asks about more than 5 KiB", () => {
    expect(reviewPaste("x".repeat(5 * 1024 + 1), true)?.concerns).toEqual(["large"]);
    expect(reviewPaste("x".repeat(5 * 1024), true)).toBeNull();
  });
});
