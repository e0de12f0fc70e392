import { Terminal } from "@xterm/headless";
import { describe, expect, it } from "vitest";

import { boundary, RESET_MODES } from "./boundary";

async function screenAfter(output: string): Promise<string[]> {
  const terminal = new Terminal({ allowProposedApi: true, cols: 24, rows: 5 });
  const write = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve));
  await write(output);
  await write(RESET_MODES);
  await write(boundary(terminal, "ended 09:30"));
  await write("next");
  const { active } = terminal.buffer;
  return Array.from(
    { length: active.length },
    (_, row) => active.getLine(row)?.translateToString(true) ?? "",
  );
}

const RULE = "── ended 09:30 ─────────";

describe("the boundary between two sessions", () => {
  it("comes right below what was written last", async () => {
    expect(await screenAfter("$ exit\r\nlogout\r\n")).toEqual(["$ exit", "logout", RULE, "next", ""]);
  });

  it("overwrites nothing, wherever the cursor was left", async () => {
    expect(await screenAfter("one\r\ntwo\r\nthree\x1b[1;1H")).toEqual(["one", "two", "three", RULE, "next"]);
  });

  it("keeps a full screen in the scrollback", async () => {
    expect(await screenAfter("1\r\n2\r\n3\r\n4\r\n5")).toEqual(["1", "2", "3", "4", "5", RULE, "next"]);
  });

  it("leaves the alternate screen first", async () => {
    expect(await screenAfter("$ vim\r\n\x1b[?1049h\x1b[2Jeditor")).toEqual(["$ vim", RULE, "next", "", ""]);
  });

  it("is not drawn below nothing", async () => {
    expect(await screenAfter("")).toEqual(["next", "", "", "", ""]);
  });
});
