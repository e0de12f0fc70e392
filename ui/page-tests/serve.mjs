/** Serves the built page with the application's content security policy, on a port of the system's choice. */
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { preview } from "vite";

const UI = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

export async function serve() {
  if (!existsSync(path.join(UI, "dist", "index.html")))
    throw new Error("there is no page yet: npm run build");
  const server = await preview({
    root: UI,
    preview: { port: 0, host: "127.0.0.1", strictPort: false },
    logLevel: "error",
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") {
    await server.close();
    throw new Error("the preview server has no port");
  }
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}
