import { expect, it } from "vitest";

import { crc32 } from "./checksum";

const text = new TextEncoder().encode("123456789");

it("gives the check value of the standard", () => {
  expect(crc32(text)).toBe(0xcbf43926);
});

it("is the same however the bytes are cut", () => {
  for (let cut = 0; cut <= text.length; cut += 1) {
    expect(crc32(text.subarray(cut), crc32(text.subarray(0, cut)))).toBe(0xcbf43926);
  }
});
