import { clipped } from "../model/clipped";

/** Text on one line that gives up its middle where it does not fit, since the end often tells one from another. */
export function Clipped({
  text,
  className = "",
  testId,
}: {
  readonly text: string;
  readonly className?: string;
  readonly testId?: string;
}) {
  const { head, tail } = clipped(text);
  return (
    <span className={`clipped ${className}`} data-testid={testId} dir="auto">
      <span className="clipped-head">{head}</span>
      {tail === "" ? null : <span className="clipped-tail">{tail}</span>}
    </span>
  );
}
