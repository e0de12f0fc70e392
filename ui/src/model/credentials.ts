/** Codes, and the time until something ends, as the window shows them. */

/** The digits of an MFA code. */
export const CODE_LENGTH = 6;

/** A code as somebody typed or pasted it, without what only parts its digits, and no longer than a code is. */
export function cleanCode(typed: string): string {
  return typed
    .normalize("NFKC")
    .replace(/[^0-9]/g, "")
    .slice(0, CODE_LENGTH);
}

/** How long something is still good, in the unit in which people say so. */
export type Remaining =
  | { readonly kind: "over" }
  | { readonly kind: "moments" }
  | { readonly kind: "minutes"; readonly minutes: number }
  | { readonly kind: "hours"; readonly hours: number; readonly minutes: number }
  | { readonly kind: "days"; readonly days: number };

const MINUTE_MS = 60_000;
const HOUR_MIN = 60;
const DAY_MIN = 24 * HOUR_MIN;

/** Rounds down: nobody should count on a minute that is not there. */
export function remaining(untilMs: number, nowMs: number): Remaining {
  const left = untilMs - nowMs;
  if (left <= 0) return { kind: "over" };
  const minutes = Math.floor(left / MINUTE_MS);
  if (minutes < 1) return { kind: "moments" };
  if (minutes < HOUR_MIN) return { kind: "minutes", minutes };
  if (minutes < 2 * DAY_MIN)
    return { kind: "hours", hours: Math.floor(minutes / HOUR_MIN), minutes: minutes % HOUR_MIN };
  return { kind: "days", days: Math.floor(minutes / DAY_MIN) };
}

/** Whole seconds left, rounded up, so that a countdown ends with its time. */
export const secondsLeft = (untilMs: number, nowMs: number): number =>
  Math.max(0, Math.ceil((untilMs - nowMs) / 1000));

/** The last part of an ARN such as `…:mfa/phone` or `…:role/path/Admin`; anything else as it is. */
export function arnName(arn: string): string {
  if (!arn.startsWith("arn:")) return arn;
  const name = arn.split(/[/:]/).at(-1) ?? "";
  return name === "" ? arn : name;
}
