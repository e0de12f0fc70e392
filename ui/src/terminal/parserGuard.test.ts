import { Terminal } from "@xterm/headless";
import { describe, expect, it } from "vitest";

import { guardParser, nextTurn } from "./parserGuard";

const HUGE = 2_147_483_647;
const repeated = (sequence: string, bytes = 64 * 1024) => sequence.repeat(Math.ceil(bytes / sequence.length));

/** Name and bytes of what has frozen a terminal somewhere. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ...[
    "L",
    "M",
    "S",
    "T",
    "I",
    "Z",
    "b",
    "@",
    "P",
    "X",
    "A",
    "B",
    "C",
    "D",
    "E",
    "F",
    "G",
    "d",
    "e",
    "a",
    "`",
    "H",
  ].map((final) => [`one CSI ${HUGE} ${final}`, `x\x1b[${HUGE}${final}`] as const),
  ["one CSI 65535 b", "x\x1b[65535b"],
  ["64 KiB of CSI 65535 b", repeated("a\x1b[65535b")],
  ["64 KiB of CSI 1920 b", repeated("a\x1b[1920b")],
  ["64 KiB of CSI 24 S", repeated("\x1b[24S")],
  ["64 KiB of CSI 96 T", repeated("\x1b[96T")],
  ["64 KiB of CSI 96 L", repeated("\x1b[96L")],
  ["64 KiB of ESC c", repeated("\x1bc")],
  ["64 KiB of ESC # 8", repeated("\x1b#8")],
  ["64 KiB of alternate screen on and off", repeated("\x1b[?1049h\x1b[?1049l")],
  ["64 KiB of CSI 2 J", repeated("\x1b[2J")],
  ["64 KiB of CSI 80 SP @", repeated("\x1b[80 @")],
  ["64 KiB of CSI 80 ' }", repeated("\x1b[80'}")],
  ["100,000 parameters", `\x1b[${"1;".repeat(100_000)}m`],
  ["100,000 sub-parameters", `\x1b[4${":1".repeat(100_000)}m`],
  ["1 MiB title that never ends", `\x1b]0;${"x".repeat(1024 * 1024)}`],
  ["1 MiB DCS", `\x1bP$q${"x".repeat(1024 * 1024)}\x1b\\`],
  ["100,000 combining marks on one cell", `a${"\u0301".repeat(100_000)}`],
  ["5,000 links", Array.from({ length: 5000 }, (_, index) => `\x1b]8;;http://h/${index}\x07x`).join("")],
];

interface Run {
  readonly cpuMs: number;
  /** The longest time that nothing else could run. */
  readonly longestMs: number;
}

async function run(data: string, piece = 16 * 1024): Promise<Run> {
  const terminal = new Terminal({ cols: 80, rows: 24, scrollback: 1000, allowProposedApi: true });
  guardParser(terminal.parser, () => terminal, nextTurn);
  const bytes = new TextEncoder().encode(data);
  let longestMs = 0;
  let last = performance.now();
  let beating = true;
  const beat = () => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last);
    last = now;
    if (beating) setImmediate(beat);
  };
  beat();
  const before = process.cpuUsage();
  for (let offset = 0; offset < bytes.length; offset += piece) {
    await new Promise<void>((done) => terminal.write(bytes.slice(offset, offset + piece), done));
  }
  const used = process.cpuUsage(before);
  beating = false;
  terminal.dispose();
  return { cpuMs: (used.user + used.system) / 1000, longestMs };
}

describe("the parser guard", () => {
  // Times are printed, since they depend on the machine; only that each one ends is asserted.
  it.each(HOSTILE)("survives %s", { timeout: 60_000 }, async (name, data) => {
    const { cpuMs, longestMs } = await run(data);
    process.stdout.write(
      `${cpuMs.toFixed(0).padStart(6)} ms, longest hold ${longestMs.toFixed(0).padStart(4)} ms  ${name}\n`,
    );
  });

  it("drops counts beyond any use and keeps those that mean something", async () => {
    const terminal = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
    guardParser(terminal.parser, () => terminal, nextTurn);
    const write = (data: string) => new Promise<void>((done) => terminal.write(data, done));
    const line = (row: number) => terminal.buffer.active.getLine(row)?.translateToString(true);
    await write("one\r\ntwo\r\n\x1b[H\x1b[97L");
    expect(line(0)).toBe("one");
    await write("\x1b[1L");
    expect([line(0), line(1)]).toEqual(["", "one"]);
    await write("\x1b[H\x1b[96M");
    expect(line(0)).toBe("");
    await write("x\x1b[1921b");
    expect(line(0)).toBe("x");
    await write("\x1b[9b");
    expect(line(0)).toBe("xxxxxxxxxx".slice(0, line(0)?.length));
    terminal.dispose();
  });

  it("keeps the order of output across its pauses", async () => {
    const terminal = new Terminal({ cols: 80, rows: 24, scrollback: 0, allowProposedApi: true });
    guardParser(terminal.parser, () => terminal, nextTurn);
    const write = (data: string) => new Promise<void>((done) => terminal.write(data, done));
    await write(`${repeated("\x1b[24S", 20_000)}\x1b[Hbefore `);
    await write("after");
    expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe("before after");
    terminal.dispose();
  });

  it("lets others run while expensive sequences repeat", { timeout: 60_000 }, async () => {
    // Without the pauses each of these holds the thread for the whole time it takes.
    for (const data of [repeated("\x1b[24S"), repeated("a\x1b[1920b"), repeated("\x1bc")]) {
      const { cpuMs, longestMs } = await run(data, 64 * 1024);
      expect(longestMs).toBeLessThan(cpuMs / 2);
    }
  });
});
