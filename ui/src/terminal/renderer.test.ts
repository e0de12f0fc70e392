import type { Terminal } from "@xterm/xterm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { WebglLease } from "./renderer";

const nothing: unknown = {};
const terminal = nothing as Terminal;

describe("WebGL contexts", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("never number more than eight, and all go back", () => {
    let live = 0;
    const leases = Array.from({ length: 50 }, () => {
      let gone = false;
      return new WebglLease(terminal, () => {
        live += 1;
        gone = false;
        return {
          dispose: () => {
            if (!gone) live -= 1;
            gone = true;
          },
        };
      });
    });
    for (const lease of leases) lease.want(true);
    expect([live, WebglLease.held]).toEqual([8, 8]);
    leases[0]?.want(false);
    leases[20]?.want(true);
    expect([live, WebglLease.held]).toEqual([8, 8]);
    for (let round = 0; round < 1_000; round += 1) leases[round % 50]?.want(round % 3 === 0);
    for (const lease of leases) lease.dispose();
    expect([live, WebglLease.held]).toEqual([0, 0]);
  });

  it("once lost are tried again later, less and less often, and not while out of sight", () => {
    let lose: () => void = () => undefined;
    const start = vi.fn((_terminal: Terminal, lost: () => void) => {
      lose = lost;
      return { dispose: () => undefined };
    });
    const lease = new WebglLease(terminal, start);
    lease.want(true);
    lose();
    expect(WebglLease.held).toBe(0);
    vi.advanceTimersByTime(29_000);
    expect(start).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1_000);
    expect(start).toHaveBeenCalledTimes(2);
    lose();
    lease.want(false);
    vi.advanceTimersByTime(600_000);
    expect(start).toHaveBeenCalledTimes(2);
    lease.want(true);
    lose();
    vi.advanceTimersByTime(600_000);
    lose();
    vi.advanceTimersByTime(6_000_000);
    expect(start).toHaveBeenCalledTimes(4);
    lease.dispose();
  });
});
