/**
 * Hands output to terminals in bounded pieces. The terminal in sight always goes first; hidden ones are parsed too, so
 * that their sessions never stall, but one piece at a time among all of them, and only between the visible one's.
 */

/** A terminal, as far as output goes. */
export interface OutputSink {
  /** Calls `parsed` once the piece has been parsed. */
  write(piece: Uint8Array, parsed: () => void): void;
}

/** Usual piece: a few milliseconds of parsing. */
const PIECE = 16 * 1024;
/** Piece of a terminal whose output is slow to parse. */
const SLOW_PIECE = 4 * 1024;
/** A full piece that takes longer than this is slow. */
const SLOW_MS = 24;
/** What may wait in the visible terminal's own buffer, so that it can parse without a timer between pieces. */
const VISIBLE_WINDOW = 64 * 1024;
/** How long hidden terminals wait at most while the visible one is busy. */
const HIDDEN_PATIENCE_MS = 40;

/** Output on its way to one terminal. */
export class OutputQueue {
  readonly #pieces: Uint8Array[] = [];
  #waiting = 0;
  #inFlight = 0;
  #pieceSize = PIECE;
  #visible = false;
  #disposed = false;

  constructor(
    private readonly scheduler: OutputScheduler,
    private readonly sink: OutputSink,
    private readonly onParsed: (bytes: Uint8Array) => void,
  ) {
    scheduler.add(this);
  }

  get visible(): boolean {
    return this.#visible;
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    this.scheduler.run();
  }

  push(bytes: Uint8Array): void {
    if (this.#disposed || bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#waiting += bytes.length;
    this.scheduler.run();
  }

  /** Bytes neither parsed nor dropped. */
  get pending(): number {
    return this.#waiting + this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  dispose(): void {
    this.#disposed = true;
    this.#pieces.length = 0;
    this.#waiting = 0;
    this.scheduler.remove(this);
  }

  /** Writes one piece. Only the scheduler calls this. */
  writeNext(now: () => number, done: () => void): void {
    const piece = this.#take();
    if (!piece) return;
    const startedAt = now();
    const alone = this.#inFlight === 0;
    this.#inFlight += piece.length;
    this.sink.write(piece, () => {
      this.#inFlight -= piece.length;
      // Only a piece that did not wait behind others tells how fast this terminal parses.
      if (alone && piece.length >= SLOW_PIECE) {
        this.#pieceSize = now() - startedAt > SLOW_MS ? SLOW_PIECE : PIECE;
      }
      if (!this.#disposed) this.onParsed(piece);
      done();
    });
  }

  #take(): Uint8Array | null {
    const first = this.#pieces[0];
    if (!first) return null;
    const piece = first.length > this.#pieceSize ? first.subarray(0, this.#pieceSize) : first;
    if (piece.length === first.length) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(piece.length);
    this.#waiting -= piece.length;
    return piece;
  }
}

/** Decides whose turn it is. One for the whole window. */
export class OutputScheduler {
  readonly #queues = new Set<OutputQueue>();
  #running = false;
  #hiddenInFlight = false;
  #hiddenServedAt = 0;
  #wakeUp: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly now: () => number = () => performance.now()) {}

  add(queue: OutputQueue): void {
    this.#queues.add(queue);
  }

  remove(queue: OutputQueue): void {
    this.#queues.delete(queue);
    this.run();
  }

  /** Gives out as much work as may be under way now. */
  run(): void {
    // A sink may parse at once and so come back here.
    if (this.#running) return;
    this.#running = true;
    try {
      let visibleBusy = false;
      for (const queue of this.#queues) {
        if (!queue.visible) continue;
        while (queue.waiting > 0 && queue.inFlight < VISIBLE_WINDOW)
          queue.writeNext(this.now, () => this.run());
        visibleBusy ||= queue.pending > 0;
      }
      this.#runHidden(visibleBusy);
    } finally {
      this.#running = false;
    }
  }

  #runHidden(visibleBusy: boolean): void {
    if (this.#hiddenInFlight) return;
    const next = [...this.#queues].find((queue) => !queue.visible && queue.waiting > 0);
    if (!next) return;
    const waited = this.now() - this.#hiddenServedAt;
    if (visibleBusy && waited < HIDDEN_PATIENCE_MS) {
      this.#wakeUp ??= setTimeout(() => {
        this.#wakeUp = null;
        this.run();
      }, HIDDEN_PATIENCE_MS - waited);
      return;
    }
    // Behind the others, so that each has its turn.
    this.#queues.delete(next);
    this.#queues.add(next);
    this.#hiddenInFlight = true;
    this.#hiddenServedAt = this.now();
    next.writeNext(this.now, () => {
      this.#hiddenInFlight = false;
      // Not at once: a sink that parses while it is called would nest without end.
      queueMicrotask(() => this.run());
    });
  }
}

/** Returns credit for parsed bytes: at once per 32 KiB, and soon after the last. */
export class CreditLedger {
  #owed = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly grant: (bytes: number) => void,
    private readonly threshold = 32 * 1024,
    private readonly idleMs = 16,
  ) {}

  add(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed >= this.threshold) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.idleMs);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#owed === 0) return;
    const owed = this.#owed;
    this.#owed = 0;
    this.grant(owed);
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#owed = 0;
  }
}
