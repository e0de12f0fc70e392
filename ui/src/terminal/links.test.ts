import { describe, expect, it } from "vitest";

import { checkLink } from "./links";

describe("checkLink", () => {
  it.each([
    "https://example.com",
    "http://example.com/",
    "https://example.com:8443/a?b=c#d",
    "https://console.aws.amazon.com/systems-manager/session-manager",
    "http://127.0.0.1:3000/",
    "https://[2001:db8::1]/",
  ])("opens %s as shown", (url) => {
    expect(checkLink(url, url)).toMatchObject({ deceptive: false });
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "ftp://example.com/",
    "mailto:a@example.com",
    "ssh://example.com",
    "tauri://localhost/",
    "ipc://localhost/",
    "vscode://file/etc/passwd",
    "x-man-page://ls",
    "blob:https://example.com/1",
    "about:blank",
    "chrome://settings",
    "ms-msdt:/id",
    "//example.com",
    "example.com",
    "",
    "https://",
    "https://exa mple.com",
    "https://example.com/\u202egpj.exe",
    "https://example.com/\x07",
    `https://example.com/${"a".repeat(3000)}`,
  ])("refuses %s", (url) => {
    expect(checkLink(url, url)).toBeNull();
  });

  it("asks where the text shown is not the target", () => {
    expect(checkLink("https://evil.example/", "https://bank.example/")).toMatchObject({
      host: "evil.example",
      deceptive: true,
    });
  });

  it("asks where the host hides behind a user name", () => {
    const url = "https://bank.example@evil.example/";
    expect(checkLink(url, url)).toMatchObject({ host: "evil.example", deceptive: true });
  });

  it("shows look-alike letters as punycode and asks", () => {
    const url = "https://аpple.com/";
    expect(checkLink(url, url)).toMatchObject({ host: "xn--pple-43d.com", deceptive: true });
  });
});
