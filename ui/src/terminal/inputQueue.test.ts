import { describe, expect, it } from "vitest";

import { InputQueue, type Interrupt, type PasteProgress } from "./inputQueue";
import { preparePaste } from "./paste";

const encode = (text: string) => new TextEncoder().encode(text);

/** A session that takes input only when told to. */
class SlowSession {
  readonly received: string[] = [];
  readonly interrupts: Interrupt[] = [];
  readonly errors: unknown[] = [];
  readonly progress: (PasteProgress | null)[] = [];
  #settle: { resolve: () => void; reject: (reason: unknown) => void } | null = null;
  readonly queue = new InputQueue(
    (bytes) => {
      if (this.#settle) throw new Error("two commands at once");
      this.received.push(new TextDecoder().decode(bytes));
      return new Promise((resolve, reject) => {
        this.#settle = { resolve, reject };
      });
    },
    (interrupt) => {
      this.interrupts.push(interrupt);
      return Promise.resolve();
    },
    (reason) => this.errors.push(reason),
    (progress) => this.progress.push(progress),
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

  it("lets an interrupt overtake the rest of a paste, and says how to close its bracket", async () => {
    const session = new SlowSession();
    session.queue.paste(preparePaste("x".repeat(100_000), true));
    session.queue.paste(preparePaste("never", true));
    session.queue.type(encode("\x03"));
    session.queue.type(encode("ls"));
    expect(session.interrupts).toEqual([
      { epoch: 1, bytes: encode("\x03"), closing: encode("\x1b[201~"), alwaysClose: true },
    ]);
    await session.settle();
    await session.settle();
    expect(session.received.at(-1)).toBe("ls");
    expect(session.received.join("").length).toBeLessThan(9000);
  });

  it("does not close a bracket that keys have followed", async () => {
    const session = new SlowSession();
    session.queue.paste(preparePaste("pasted", true));
    await session.settle();
    session.queue.type(encode("a"));
    await session.settle();
    session.queue.type(encode("\x03"));
    expect(session.interrupts).toEqual([
      { epoch: 1, bytes: encode("\x03"), closing: encode(""), alwaysClose: false },
    ]);
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

  it("tells how far a large paste has come, and when it is over", async () => {
    const session = new SlowSession();
    session.queue.paste(preparePaste("x".repeat(100_000), false));
    while (session.received.join("").length < 100_000) await session.settle();
    await session.settle();
    expect(session.progress.at(0)).toEqual({ sent: 8192, total: 100_000 });
    expect(session.progress.at(-1)).toBeNull();
    const sent = session.progress.map((progress) => progress?.sent ?? Infinity);
    expect(sent).toEqual(sent.toSorted((one, other) => one - other));
  });

  it("says nothing of a paste that is gone before anybody could read it", async () => {
    const session = new SlowSession();
    session.queue.paste(preparePaste("x".repeat(9_000), false));
    while (session.received.join("").length < 9_000) await session.settle();
    expect(session.progress).toEqual([]);
  });

  it("gives up the rest of a large paste when asked to", async () => {
    const session = new SlowSession();
    session.queue.paste(preparePaste("x".repeat(100_000), true));
    session.queue.cancelPaste();
    await session.settle();
    await session.settle();
    expect(session.received.length).toBe(1);
    expect(session.interrupts).toEqual([
      { epoch: 1, bytes: encode(""), closing: encode("\x1b[201~"), alwaysClose: true },
    ]);
    expect(session.progress.at(-1)).toBeNull();
  });
});
