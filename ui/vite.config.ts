import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

import { CONTENT_SECURITY_POLICY, DEVELOPMENT_CONTENT_SECURITY_POLICY } from "./csp";

/**
 * The window freezes `Object.prototype`, after which assigning `toString` to a plain object throws in module code.
 * xterm.js does so once while it loads; here the assignment becomes a definition, which a frozen prototype allows.
 */
function definesToString(): Plugin {
  const ASSIGNMENT = /\b(\w+)\.toString=(\w+);/g;
  return {
    name: "defines-to-string",
    enforce: "pre",
    transform(code, id) {
      // Add-ons bring copies of the same code.
      if (!/@xterm[\\/][\w-]+[\\/]lib/.test(id)) return null;
      if (code.search(ASSIGNMENT) < 0) {
        if (/@xterm[\\/]xterm[\\/]/.test(id))
          this.error("xterm.js does not assign toString any more: remove this plug-in");
        return null;
      }
      const mended = code.replace(
        ASSIGNMENT,
        'Object.defineProperty($1,"toString",{value:$2,writable:true,configurable:true});',
      );
      return { code: mended, map: null };
    },
  };
}

export default defineConfig({
  plugins: [definesToString(), react()],
  clearScreen: false,
  server: {
    port: 5173,
    strictPort: true,
    headers: { "Content-Security-Policy": DEVELOPMENT_CONTENT_SECURITY_POLICY },
  },
  preview: {
    headers: { "Content-Security-Policy": CONTENT_SECURITY_POLICY },
  },
  build: {
    target: ["es2022", "safari16"],
    // Fonts must stay files: the policy allows them from the page's origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1600,
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
  },
});
