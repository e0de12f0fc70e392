import { describe, expect, it } from "vitest";

import { InputQueue } from "./inputQueue";
import { preparePaste } from "./paste";

const encode = (text: string) => new TextEncoder().encode(text);

/** A session that takes input only when told to. */
class SlowSession {
  readonly received: string[] = [];
  readonly errors: unknown[] = [];
  #settle: { resolve: () => void; reject: (reason: unknown) => void } | null = null;
  readonly queue = new InputQueue(
    (bytes) => {
      if (this.#settle) throw new Error("two commands at once");
      this.received.push(new TextDecoder().decode(bytes));
      return new Promise((resolve, reject) => {
        this.#settle = { resolve, reject };
      });
    },
    (reason) => this.errors.push(reason),
  );

  async settle(failure?: unknown): Promise<void> {
    const settle = this.#settle;
    this.#settle = null;
    if (failure === undefined) settle?.resolve();
    else settle?.reject(failure);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

describe("InputQueue", () => {
  it("sends one command at a time and gathers what is typed meanwhile", async () => {
    const session = new SlowSession();
    for (const key of "hello") session.queue.type(encode(key));
    expect(session.received).toEqual(["h"]);
    await session.settle();
    expect(session.received).toEqual(["h", "ello"]);
  });

  it("cuts a large paste, in order", async () => {
    const session = new SlowSession();
    const text = Array.from({ length: 5000 }, (_, index) => `${index};`).join("");
    session.queue.paste(preparePaste(text, true));
    while (session.queue.pending > 0) await session.settle();
    expect(session.received.join("")).toBe(`\x1b[200~${text}\x1b[201~`);
    expect(Math.max(...session.received.map((piece) => piece.length))).toBeLessThanOrEqual(8192);
  });

  it("lets an interrupt overtake the rest of a paste, closing the bracket first", async () => {
    const session = new SlowSession();
    session.queue.paste(preparePaste("x".repeat(100_000), true));
    session.queue.paste(preparePaste("never", true));
    session.queue.type(encode("\x03"));
    await session.settle();
    await session.settle();
    const all = session.received.join("");
    expect(all.endsWith("x\x1b[201~\x03")).toBe(true);
    expect(all.length).toBeLessThan(9000);
  });

  it("forgets what waits after a failure, and tells once", async () => {
    const session = new SlowSession();
    session.queue.type(encode("a"));
    session.queue.type(encode("b"));
    await session.settle("closed");
    expect(session.received).toEqual(["a"]);
    expect(session.errors).toEqual(["closed"]);
  });

  it("sends nothing once disposed", async () => {
    const session = new SlowSession();
    session.queue.type(encode("a"));
    session.queue.type(encode("b"));
    session.queue.dispose();
    await session.settle();
    session.queue.type(encode("c"));
    expect(session.received).toEqual(["a"]);
  });
});
