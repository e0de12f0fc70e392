/** Ends a `switch` over the kinds of a union: the compiler refuses it once a kind is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected kind: ${JSON.stringify(value)}`);
}
