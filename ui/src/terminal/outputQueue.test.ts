import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { CreditLedger, OutputQueue, OutputScheduler } from "./outputQueue";

/** A terminal that parses only when told to. */
class SlowSink {
  readonly pieces: Uint8Array[] = [];
  readonly #callbacks: (() => void)[] = [];

  write(piece: Uint8Array, parsed: () => void): void {
    this.pieces.push(piece);
    this.#callbacks.push(parsed);
  }

  parseOne(): boolean {
    const parsed = this.#callbacks.shift();
    parsed?.();
    return parsed !== undefined;
  }

  get inFlight(): number {
    return this.#callbacks.length;
  }

  get bytes(): number[] {
    return this.pieces.flatMap((piece) => Array.from(piece));
  }
}

const pattern = (length: number, seed = 0) =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & 0xff);

function setUp(visible: boolean, scheduler = new OutputScheduler()) {
  const sink = new SlowSink();
  let parsed = 0;
  const queue = new OutputQueue(scheduler, sink, (bytes) => (parsed += bytes.length));
  queue.setVisible(visible);
  return { sink, queue, scheduler, parsed: () => parsed };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("OutputQueue", () => {
  it("delivers every byte once and in order, in bounded pieces", () => {
    const { sink, queue, parsed } = setUp(true);
    const sent = [pattern(70_000), pattern(3, 9), pattern(40_000, 5)];
    for (const bytes of sent) queue.push(bytes);
    while (sink.parseOne());
    expect(sink.bytes).toEqual(sent.flatMap((bytes) => Array.from(bytes)));
    expect(Math.max(...sink.pieces.map((piece) => piece.length))).toBeLessThanOrEqual(16 * 1024);
    expect(parsed()).toBe(110_003);
    expect(queue.pending).toBe(0);
  });

  it("holds back what the terminal has not parsed", () => {
    const { sink, queue } = setUp(true);
    queue.push(pattern(1024 * 1024));
    expect(sink.pieces.length).toBeLessThanOrEqual(5);
    sink.parseOne();
    expect(queue.pending).toBe(1024 * 1024 - 16 * 1024);
  });

  it("cuts smaller pieces for a terminal that parses slowly, and larger again when it recovers", async () => {
    const { sink, queue } = setUp(false);
    queue.push(pattern(400_000));
    const parseAfter = async (milliseconds: number) => {
      await vi.advanceTimersByTimeAsync(milliseconds);
      sink.parseOne();
      await vi.advanceTimersByTimeAsync(0);
      return sink.pieces.at(-1)?.length;
    };
    expect(await parseAfter(100)).toBe(4 * 1024);
    expect(await parseAfter(100)).toBe(4 * 1024);
    expect(await parseAfter(1)).toBe(16 * 1024);
  });

  it("drops what waits when disposed, and reports nothing more", () => {
    const { sink, queue, parsed } = setUp(true);
    queue.push(pattern(200_000));
    queue.dispose();
    while (sink.parseOne());
    expect(parsed()).toBe(0);
    expect(queue.pending).toBe(0);
  });
});

describe("OutputScheduler", () => {
  it("parses one hidden piece at a time among all hidden terminals, in turn", async () => {
    const first = setUp(false);
    const second = setUp(false, first.scheduler);
    first.queue.push(pattern(64 * 1024));
    second.queue.push(pattern(64 * 1024));
    expect([first.sink.inFlight, second.sink.inFlight]).toEqual([1, 0]);
    first.sink.parseOne();
    await vi.advanceTimersByTimeAsync(0);
    expect([first.sink.inFlight, second.sink.inFlight]).toEqual([0, 1]);
    second.sink.parseOne();
    await vi.advanceTimersByTimeAsync(0);
    expect([first.sink.inFlight, second.sink.inFlight]).toEqual([1, 0]);
  });

  it("lets a busy visible terminal go first, yet never forgets the hidden ones", async () => {
    const hidden = setUp(false);
    const visible = setUp(true, hidden.scheduler);
    await vi.advanceTimersByTimeAsync(1000);
    visible.queue.push(pattern(1024 * 1024));
    hidden.queue.push(pattern(48 * 1024));
    const servedAtOnce = hidden.sink.pieces.length;
    hidden.sink.parseOne();
    await vi.advanceTimersByTimeAsync(1);
    expect(hidden.sink.pieces.length).toBe(servedAtOnce);
    for (let piece = 0; piece < 8; piece += 1) visible.sink.parseOne();
    expect(hidden.sink.pieces.length).toBe(servedAtOnce);
    await vi.advanceTimersByTimeAsync(50);
    expect(hidden.sink.pieces.length).toBe(servedAtOnce + 1);
  });

  it("finishes with terminals that parse while they are called", async () => {
    const scheduler = new OutputScheduler();
    let total = 0;
    const queues = Array.from(
      { length: 20 },
      () =>
        new OutputQueue(
          scheduler,
          { write: (_piece, parsed) => parsed() },
          (bytes) => (total += bytes.length),
        ),
    );
    for (const queue of queues) queue.push(pattern(100_000));
    await vi.advanceTimersByTimeAsync(10);
    expect(total).toBe(2_000_000);
  });
});

describe("CreditLedger", () => {
  it("grants at 32 KiB at once, and the rest when output rests", () => {
    const granted: number[] = [];
    const ledger = new CreditLedger((bytes) => granted.push(bytes));
    ledger.add(20_000);
    expect(granted).toEqual([]);
    ledger.add(20_000);
    expect(granted).toEqual([40_000]);
    ledger.add(5);
    vi.advanceTimersByTime(20);
    expect(granted).toEqual([40_000, 5]);
    vi.advanceTimersByTime(100);
    expect(granted).toEqual([40_000, 5]);
  });

  it("grants nothing once disposed", () => {
    const granted: number[] = [];
    const ledger = new CreditLedger((bytes) => granted.push(bytes));
    ledger.add(5);
    ledger.dispose();
    vi.advanceTimersByTime(100);
    expect(granted).toEqual([]);
  });
});
