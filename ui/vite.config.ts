import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { CONTENT_SECURITY_POLICY, DEVELOPMENT_CONTENT_SECURITY_POLICY } from "./csp";

export default defineConfig({
  plugins: [react()],
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
