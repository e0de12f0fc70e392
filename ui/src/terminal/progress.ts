/** Progress that programs tell by OSC 9;4, as ConEmu began it: `4;state;percent`. */

export interface TerminalProgress {
  readonly kind: "normal" | "error" | "paused" | "indeterminate";
  readonly percent: number;
}

const KINDS = { 1: "normal", 2: "error", 3: "indeterminate", 4: "paused" } as const;

/** What OSC 9 says: progress, null for none any more, undefined where it is about something else. */
export function readProgress(text: string): TerminalProgress | null | undefined {
  const [, state, percent] = /^4;([0-4])(?:;(\d{0,3}))?;?$/.exec(text) ?? [];
  if (state === undefined) return undefined;
  if (state === "0") return null;
  const kind = KINDS[Number(state) as keyof typeof KINDS];
  return { kind, percent: kind === "indeterminate" ? 0 : Math.min(100, Number(percent ?? 0)) };
}
