import { UserRound } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "react-aria-components";

import type { Caller } from "../generated/Caller";
import { remaining } from "../model/credentials";
import { isShown, type TabId, type TabSession } from "../model/tabs";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { Clipped } from "./Clipped";
import { useApp, useController } from "./context";

const REFRESH_MS = 60_000;

interface Props {
  readonly id: TabId;
  readonly session: TabSession;
}

/** Who the credentials of the tab in front make one, while its session is open. Nothing where that cannot be told. */
export function WhoAmI({ id, session: { profile, state, attempt } }: Props) {
  const inFront = useApp((app) => isShown(app.tabs, id));
  if (profile.builtIn || state.kind !== "open" || !inFront) return null;
  return <Asked key={`${profile.id} ${attempt}`} profile={profile} />;
}

function Asked({ profile }: { readonly profile: TabSession["profile"] }) {
  const controller = useController();
  const [answer, setAnswer] = useState<{ readonly caller: Caller; readonly atMs: number } | null>(null);

  useEffect(() => {
    let over = false;
    const ask = () =>
      controller.credentials.whoAmI(profile).then(
        (caller) => {
          if (!over) setAnswer({ caller, atMs: Date.now() });
        },
        () => {
          if (!over) setAnswer(null);
        },
      );
    void ask();
    const timer = setInterval(() => void ask(), REFRESH_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [controller, profile]);

  if (!answer) return null;
  const { caller, atMs } = answer;
  const name = `${caller.accountName ?? caller.account} · ${caller.role ?? caller.user ?? caller.arn}`;
  const left =
    caller.expiresMs === null ? "" : ` · ${strings.caller.left(remaining(caller.expiresMs, atMs))}`;
  return (
    <Button
      aria-label={strings.caller.copy(`${name}${left}`)}
      className="status-copy status-caller"
      data-arn={caller.arn}
      data-testid={testIds.statusCaller}
      onPress={() => void controller.desk.copy(strings.caller.copied, caller.arn)}
    >
      <UserRound aria-hidden className="status-caller-mark" size={13} strokeWidth={1.75} />
      <Clipped text={name} />
      <span className="status-caller-left">{left}</span>
    </Button>
  );
}
