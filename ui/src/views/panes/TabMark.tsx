import { isIdle, sessionOf, stateMark, type Tab } from "../../model/tabs";

/** The mark of a tab's state: a program's progress as a ring, else the session's state by shape and colour. */
export function TabMark({ tab }: { readonly tab: Tab }) {
  const session = sessionOf(tab);
  const progress = session?.progress;
  if (progress) {
    return (
      <svg aria-hidden className="progress-ring" data-kind={progress.kind} viewBox="0 0 12 12">
        <circle cx="6" cy="6" r="4.5" />
        <circle
          cx="6"
          cy="6"
          pathLength={100}
          r="4.5"
          strokeDasharray={`${progress.kind === "indeterminate" ? 30 : progress.percent} 100`}
          transform="rotate(-90 6 6)"
        />
      </svg>
    );
  }
  const state = session ? (isIdle(session) ? "idle" : stateMark(session.state)) : "start";
  return <span aria-hidden className="state-mark" data-state={state} />;
}
