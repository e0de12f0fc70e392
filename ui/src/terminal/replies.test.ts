import { Terminal } from "@xterm/headless";
import { describe, expect, it } from "vitest";

import { classifyData, RateLimit } from "./replies";

/** Everything known to make some terminal answer. */
const PROBES = [
  ...[
    "\x1b[c",
    "\x1b[0c",
    "\x1b[>c",
    "\x1b[>0c",
    "\x1b[=c",
    "\x1b[5n",
    "\x1b[6n",
    "\x1b[?6n",
    "\x1b[?15n",
    "\x1b[?996n",
  ],
  ...[
    "\x1b[18t",
    "\x1b[14t",
    "\x1b[16t",
    "\x1b[19t",
    "\x1b[20t",
    "\x1b[21t",
    "\x1b[11t",
    "\x1b[13t",
    "\x1b[22;0t",
  ],
  ...[
    "\x1b[4$p",
    "\x1b[?2004$p",
    "\x1b[?1$p",
    "\x1b[>q",
    "\x1b[>0q",
    "\x1b[x",
    "\x1b[1;1;1;1;1;1*y",
    "\x1b[?u",
  ],
  ...["\x1bP$qm\x1b\\", '\x1bP$q"p\x1b\\', "\x1bP$qr\x1b\\", "\x1bP$q q\x1b\\", "\x1bP$qrm -rf ~\r\x1b\\"],
  ...["\x1bP+q544e\x1b\\", "\x1bP+q0d726d\x1b\\", "\x1bP1000p%begin\r\n\x1b\\", "\x1bPzz\x1b\\"],
  ...[
    "\x1b]4;1;?\x07",
    "\x1b]10;?\x07",
    "\x1b]11;?\x1b\\",
    "\x1b]12;?\x07",
    "\x1b]21;x=?\x07",
    "\x1b]50;?\x07",
  ],
  ...[
    "\x1b]52;c;?\x07",
    "\x1b]52;p;?\x1b\\",
    "\x1b]0;rm -rf ~\x07\x1b[21t",
    "\x1b]1337;ReportCellSize\x07",
    "\x1b]702;?\x07",
  ],
  ...[
    "\x05",
    "\x1bZ",
    "\x1bGQ\n",
    "\x1b_Gi=1,a=q;AAAA\x1b\\",
    "\x1b^x\x1b\\",
    "\x1bX x\x1b\\",
    "\x1b]8;;http://x/\x07",
  ],
];

const reply = async (probe: string): Promise<string[]> => {
  const terminal = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
  const replies: string[] = [];
  terminal.onData((data) => replies.push(data));
  terminal.onBinary((data) => replies.push(data));
  await new Promise<void>((done) => terminal.write(`\x1b]2;rm -rf ~\x07rm -rf ~${probe}`, done));
  terminal.dispose();
  return replies;
};

describe("the reply rule", () => {
  it("holds for everything xterm.js answers to the probe set", async () => {
    const answered = new Map<string, string[]>();
    for (const probe of PROBES) {
      const replies = await reply(probe);
      if (replies.length > 0) answered.set(probe, replies);
      for (const data of replies) expect(classifyData(data), JSON.stringify([probe, data])).toBe("reply");
      expect(replies.join("")).not.toContain("rm -rf");
    }
    // The probes can see: some of them are answered.
    expect(answered.get("\x1b[6n")).toEqual(["\x1b[1;9R"]);
    expect(answered.has("\x1b[c")).toBe(true);
    expect(answered.has("\x1b[21t")).toBe(false);
    expect(answered.has("\x1b]52;c;?\x07")).toBe(false);
  });

  it("takes keys for keys", () => {
    for (const keys of [
      "a",
      "\r",
      "\x1b",
      "\x1b[A",
      "\x1bOP",
      "\x1b[15~",
      "\x1bP",
      "\x1b]",
      "\x1b_",
      "\x1b^",
      "漢",
      "\x1b[<0;1;1M",
    ]) {
      expect(classifyData(keys), JSON.stringify(keys)).toBe("input");
    }
  });

  it("forbids string sequences that are not on the list", () => {
    for (const data of [
      "\x1bP1$rrm -rf ~\r\x1b\\",
      "\x1b]lrm -rf ~\x1b\\",
      "\x1b]52;c;c2VjcmV0\x07",
      "\x1b_Gi=1;OK\x1b\\",
    ]) {
      expect(classifyData(data), JSON.stringify(data)).toBe("forbidden");
    }
  });
});

describe("RateLimit", () => {
  it("allows so many a second and no more", () => {
    let now = 0;
    const limit = new RateLimit(100, () => now);
    const taken = () => Array.from({ length: 1000 }, () => limit.take()).filter(Boolean).length;
    expect(taken()).toBe(100);
    expect(taken()).toBe(0);
    now += 500;
    expect(taken()).toBe(50);
    now += 60_000;
    expect(taken()).toBe(100);
  });
});
