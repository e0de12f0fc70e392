/** Serves the built page with the application's content security policy, on a port of the system's choice. */
import { preview } from "vite";

export async function serve() {
  const server = await preview({
    preview: { port: 0, host: "127.0.0.1", strictPort: false },
    logLevel: "error",
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error("the preview server has no port");
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}
