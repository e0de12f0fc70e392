/**
 * The content security policy that the page runs under in the application; `tauri.conf.json` sets the same one there.
 * The servers for development and tests send it too, so that a violation shows before the application is built.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // xterm.js inserts style elements without a nonce, hence 'unsafe-inline', for styles only.
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src ipc: http://ipc.localhost",
  "worker-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The same for Vite's development server, which needs an inline preamble and a socket for reloading. */
export const DEVELOPMENT_CONTENT_SECURITY_POLICY = CONTENT_SECURITY_POLICY.replace(
  "script-src 'self'",
  "script-src 'self' 'unsafe-inline'",
).replace("connect-src ipc:", "connect-src 'self' ws: ipc:");
