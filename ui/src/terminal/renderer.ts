/**
 * Which renderer draws a terminal. The DOM renderer is right everywhere; WebGL is faster where it works, but web views
 * keep 16 contexts a page and some present each frame one key late. So WebGL is used for the visible terminal only, only
 * where the platform is known to do it well, and never in software.
 */
import { WebglAddon } from "@xterm/addon-webgl";
import type { Terminal } from "@xterm/xterm";

export type Renderer = "dom" | "webgl";

/** What to use on a platform: WebKitGTK shows keys late through WebGL, depending on the graphics driver. */
export function rendererFor(platform: string): Renderer {
  return platform === "macos" || platform === "windows" ? "webgl" : "dom";
}

/** Puts WebGL into a terminal; null where it cannot be had, so that the DOM renderer stays. */
export function startWebgl(terminal: Terminal, lost: () => void): { dispose(): void } | null {
  if (!hardwareWebgl()) return null;
  const addon = new WebglAddon();
  try {
    terminal.loadAddon(addon);
  } catch {
    addon.dispose();
    return null;
  }
  const canvases = Array.from(terminal.element?.querySelectorAll("canvas") ?? []);
  let disposed = false;
  const dispose = () => {
    if (disposed) return;
    disposed = true;
    addon.dispose();
    // Disposal alone leaves the context to the garbage collector, and it counts against the limit until then.
    for (const canvas of canvases)
      canvas.getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
  };
  addon.onContextLoss(() => {
    dispose();
    lost();
  });
  return { dispose };
}

let hardware: boolean | null = null;

/** Looks once whether WebGL 2 is there and drawn by hardware. */
function hardwareWebgl(): boolean {
  if (hardware !== null) return hardware;
  const context = document.createElement("canvas").getContext("webgl2");
  if (!context) return (hardware = false);
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const name: unknown = names ? context.getParameter(names.UNMASKED_RENDERER_WEBGL) : "";
  hardware = typeof name !== "string" || !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(name);
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return hardware;
}
