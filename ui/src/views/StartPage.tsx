import { Import, KeyRound, LogIn, Plus, Terminal } from "lucide-react";
import { Button } from "react-aria-components";

import { profileList } from "../model/appState";
import { chordFor } from "../model/bindings";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useApp, useController } from "./context";
import { ProfileDetail } from "./sidebar/ProfileRow";

const MAX_CARDS = 12;

/** Shown while no tab is open, and in a new tab: what can be opened, and for a newcomer the first two ways in. */
export function StartPage() {
  const profiles = useApp(profileList);
  const own = profiles.filter(({ builtIn }) => !builtIn);
  return (
    <main className="start" data-focus-region data-testid={testIds.startPage}>
      <div className="start-inner">
        {own.length === 0 ? <FirstRun /> : <Cards />}
        <Keys />
      </div>
    </main>
  );
}

function FirstRun() {
  const controller = useController();
  const demo = useApp((state) => profileList(state).find(({ builtIn }) => builtIn));
  return (
    <>
      <h2>{strings.start.titleFirst}</h2>
      <p className="start-lead">{strings.start.leadFirst}</p>
      <div className="start-ways">
        <section className="start-way">
          <h3>{strings.start.demoTitle}</h3>
          <p>{strings.start.demoText}</p>
          <Button
            className="button primary"
            data-testid={testIds.startDemo}
            isDisabled={!demo}
            onPress={() => {
              if (demo) controller.tabs.open(demo);
            }}
          >
            <Terminal aria-hidden size={16} strokeWidth={1.75} />
            {strings.start.demoButton}
          </Button>
        </section>
        <section className="start-way">
          <h3>{strings.start.awsTitle}</h3>
          <p>{strings.start.awsText}</p>
          <AwsLine />
          <ImportLine />
          <Button
            className="button"
            data-testid={testIds.startNewProfile}
            onPress={() => controller.profiles.edit(null)}
          >
            <Plus aria-hidden size={16} strokeWidth={1.75} />
            {strings.start.awsButton}
          </Button>
        </section>
        <SignInWay />
      </div>
    </>
  );
}

/** For whom no AWS profile is there yet. */
function SignInWay() {
  const controller = useController();
  const isBare = useApp((state) => state.aws?.profiles.length === 0);
  if (!isBare) return null;
  return (
    <section className="start-way">
      <h3>{strings.firstSignIn.wayTitle}</h3>
      <p>{strings.firstSignIn.wayText}</p>
      <Button
        className="button"
        data-testid={testIds.firstSignInStart}
        onPress={() => controller.firstSignIn.show()}
      >
        <LogIn aria-hidden size={16} strokeWidth={1.75} />
        {strings.firstSignIn.wayButton}
      </Button>
    </section>
  );
}

function Cards() {
  const controller = useController();
  const profiles = useApp(profileList);
  const shown = profiles.slice(0, MAX_CARDS);
  const left = profiles.length - shown.length;
  return (
    <>
      <h2>{strings.start.title}</h2>
      <p className="start-lead">{strings.start.lead}</p>
      <ul className="cards">
        {shown.map((profile) => (
          <li key={profile.id}>
            <Button
              className="card"
              data-profile-id={profile.id}
              data-testid={profile.builtIn ? testIds.startDemo : testIds.startCard}
              onPress={() => controller.tabs.open(profile)}
            >
              <span aria-hidden className="profile-mark" data-colour={profile.colour}>
                {profile.builtIn ? <Terminal size={14} strokeWidth={2} /> : null}
              </span>
              <span className="profile-text">
                <span className="profile-name ellipsis">
                  <span className="visually-hidden">{strings.start.open} </span>
                  <bdi>{profile.name}</bdi>
                </span>{" "}
                <ProfileDetail profile={profile} />
              </span>
            </Button>
          </li>
        ))}
        <li>
          <Button
            className="card card-new"
            data-testid={testIds.startNewProfile}
            onPress={() => controller.profiles.edit(null)}
          >
            <span aria-hidden className="profile-mark">
              <Plus size={14} strokeWidth={2} />
            </span>
            <span className="profile-name">{strings.start.awsButton}</span>
          </Button>
        </li>
      </ul>
      {left > 0 ? <p className="start-more">{strings.start.more(left)}</p> : null}
      <div className="start-lines">
        <AwsLine />
        <SignInLine />
        <ImportLine />
      </div>
    </>
  );
}

/** How many AWS profiles there are to choose from, and the way to see them. */
function AwsLine() {
  const controller = useController();
  const count = useApp((state) => state.aws?.profiles.length ?? null);
  if (count === null) return null;
  return (
    <Button
      className="link-button start-aws"
      data-testid={testIds.startAws}
      onPress={() => controller.credentials.show()}
    >
      <KeyRound aria-hidden size={14} strokeWidth={1.75} />
      {strings.aws.count(count)}
    </Button>
  );
}

/** As {@link SignInWay}, for whom has connections already. */
function SignInLine() {
  const controller = useController();
  const isBare = useApp((state) => state.aws?.profiles.length === 0);
  if (!isBare) return null;
  return (
    <Button
      className="link-button start-aws"
      data-testid={testIds.firstSignInStart}
      onPress={() => controller.firstSignIn.show()}
    >
      <LogIn aria-hidden size={14} strokeWidth={1.75} />
      {strings.firstSignIn.open}
    </Button>
  );
}

/** The way to what other tools know already. */
function ImportLine() {
  const controller = useController();
  return (
    <Button
      className="link-button start-aws"
      data-testid={testIds.importOpen}
      onPress={() => controller.imports.show()}
    >
      <Import aria-hidden size={14} strokeWidth={1.75} />
      {strings.import.open}
    </Button>
  );
}

function Keys() {
  const { mac } = useController();
  const rows = [
    [strings.start.keyNewTab, chordFor("newTab", mac)],
    [strings.start.keySwitch, chordFor("switchTab", mac)],
    [strings.start.keyClose, chordFor("closeTab", mac)],
    [
      strings.start.keyCopyPaste,
      `${chordFor("copy", mac)} / ${chordFor("paste", mac).split("+").at(-1) ?? ""}`,
    ],
    [strings.start.keySidebar, chordFor("toggleSidebar", mac)],
  ] as const;
  return (
    <dl aria-label={strings.start.keys} className="keys">
      {rows.map(([label, chord]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <kbd>{chord}</kbd>
          </dd>
        </div>
      ))}
    </dl>
  );
}
