import { describe, expect, it } from "vitest";

import { clipboardRequest } from "./farClipboard";

const encoded = (text: string) => Buffer.from(text).toString("base64");

describe("what the far end asks of the clipboard", () => {
  it("is text, without the line end that would run it", () => {
    expect(clipboardRequest(`c;${encoded("rm -rf x\n\r\n")}`)).toBe("rm -rf x");
    expect(clipboardRequest(`;${encoded("größe 漢\nzwei")}`)).toBe("größe 漢\nzwei");
  });

  it.each(["c;?", "p;?", "c;", "c", "", "c;!!!", `x;${encoded("a")}`, "c;/w==", `c;${encoded("a")};b`])(
    "is nothing for %j",
    (data) => expect(clipboardRequest(data)).toBeNull(),
  );

  it("ends at 100 KiB", () => {
    expect(clipboardRequest(`c;${encoded("x".repeat(100 * 1024))}`)).toHaveLength(100 * 1024);
    expect(clipboardRequest(`c;${encoded("x".repeat(100 * 1024 + 1))}`)).toBeNull();
    expect(clipboardRequest(`c;${encoded("x".repeat(5_000_000))}`)).toBeNull();
  });
});
