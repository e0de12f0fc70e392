import { useEffect } from "react";

import { sessionOf } from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useApp, useController } from "./context";
import { Ask } from "./Questions";

const text = strings.desktop;
/** More names would only be scrolled past. */
const NAMED = 8;

/** Asks once whether to quit, while sessions are open. */
export function QuitDialog() {
  const open = useApp((state) => state.quitting);
  return open === null ? null : <Quit open={open} />;
}

function Quit({ open }: { readonly open: number }) {
  const controller = useController();
  const tabs = useApp((state) => state.tabs);
  useEffect(() => void controller.desktop.quitShown(), [controller]);
  const names = tabs.list.flatMap((tab) => {
    const session = sessionOf(tab);
    return session && session.state.kind !== "ended" ? [{ id: tab.id, name: session.profile.name }] : [];
  });
  return (
    <Ask
      danger
      no={text.quitNo}
      noTestId={testIds.quitNo}
      onAnswer={(yes) => void controller.desktop.answerQuit(yes)}
      testId={testIds.quitDialog}
      title={text.quitTitle}
      yes={text.quitYes}
      yesTestId={testIds.quitYes}
    >
      <p>{text.quitText(open)}</p>
      <ul aria-label={text.quitSessions} className="quit-sessions">
        {names.slice(0, NAMED).map(({ id, name }) => (
          <li className="ellipsis" key={id}>
            <bdi>{name}</bdi>
          </li>
        ))}
        {names.length > NAMED ? <li>{text.quitMore(names.length - NAMED)}</li> : null}
      </ul>
    </Ask>
  );
}
