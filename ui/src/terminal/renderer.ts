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

/** Web views keep 16 contexts a page and then take the oldest away; half of them leaves room for their own. */
const MOST_CONTEXTS = 8;
const RETRY_MS = 30_000;
const MOST_RETRIES = 3;

/** How WebGL gets into a terminal; null where it cannot be had. */
export type StartWebgl = (
  terminal: Terminal,
  lost: () => void,
  evenInSoftware: boolean,
) => { dispose(): void } | null;

/** One terminal's claim to a context. Without one the DOM renderer draws. */
export class WebglLease {
  static readonly #holders = new Set<WebglLease>();
  #webgl: { dispose(): void } | null = null;
  #wanted = false;
  #evenInSoftware = false;
  #losses = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly terminal: Terminal,
    private readonly start: StartWebgl = startWebgl,
  ) {}

  /** How many contexts the page holds. */
  static get held(): number {
    return WebglLease.#holders.size;
  }

  want(wanted: boolean, evenInSoftware = false): void {
    this.#wanted = wanted;
    this.#evenInSoftware = evenInSoftware;
    if (wanted) this.#take();
    else this.#release();
  }

  dispose(): void {
    this.want(false);
  }

  #take(): void {
    if (this.#webgl || this.#timer !== null) return;
    // Beyond the limit a terminal in sight is drawn by the DOM until another goes.
    if (WebglLease.#holders.size >= MOST_CONTEXTS) return;
    this.#webgl = this.start(this.terminal, () => this.#lost(), this.#evenInSoftware);
    if (this.#webgl) WebglLease.#holders.add(this);
  }

  #release(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#webgl?.dispose();
    this.#webgl = null;
    WebglLease.#holders.delete(this);
  }

  #lost(): void {
    this.#release();
    this.#losses += 1;
    if (this.#losses > MOST_RETRIES) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        if (this.#wanted) this.#take();
      },
      RETRY_MS * 2 ** (this.#losses - 1),
    );
  }
}

/** Puts WebGL into a terminal. */
function startWebgl(
  terminal: Terminal,
  lost: () => void,
  evenInSoftware: boolean,
): { dispose(): void } | null {
  if (!evenInSoftware && !hardwareWebgl()) return null;
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
