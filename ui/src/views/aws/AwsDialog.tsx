import { Copy, TriangleAlert } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import type { AwsProfile } from "../../generated/AwsProfile";
import type { AwsSetup } from "../../generated/AwsSetup";
import type { SignIn } from "../../generated/SignIn";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";
import { IconButton } from "../IconButton";
import { useNow } from "../useNow";
import { askedNow } from "../../model/appState";
import { FirstSignIn } from "./FirstSignIn";
import { KeysSection } from "./KeysSection";
import { SsoAccounts } from "./SsoAccounts";

const text = strings.aws;

/**
 * What the machine's AWS configuration offers: its profiles, its sign-ins, and what in it does not count. `signIn`: with the
 * form for a sign-in that is not among them.
 */
export function AwsDialog({ signIn }: { readonly signIn: boolean }) {
  const controller = useController();
  const aws = useApp((state) => state.aws);
  const asks = useApp((state) => askedNow(state) !== undefined);
  const [typing, setTyping] = useState(signIn);
  /** The sign-in that was begun, whose accounts are wanted next, and the one whose accounts are shown. */
  const [begun, setBegun] = useState<string | null>(null);
  const [browsed, setBrowsed] = useState<string | null>(null);
  const browsing = aws?.signIns.find(({ label }) => label === browsed);
  const arrived = !asks && aws?.signIns.some(({ label, expiresMs }) => label === begun && expiresMs !== null);
  useEffect(() => {
    if (!arrived) return;
    setBrowsed(begun);
    setBegun(null);
  }, [arrived, begun]);
  const close = () => controller.desk.closeDialog();
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Modal className="modal modal-large">
        <Dialog className="dialog" data-testid={testIds.awsDialog}>
          {browsing ? (
            <SsoAccounts key={browsing.label} onBack={() => setBrowsed(null)} signIn={browsing} />
          ) : (
            <>
              <Heading slot="title">{text.title}</Heading>
              {/* Focus: whoever reads by keyboard must be able to scroll it. */}
              <div aria-label={text.title} className="dialog-body aws-body" role="group" tabIndex={0}>
                {aws ? (
                  <Setup aws={aws} onBrowse={setBrowsed}>
                    <FirstSignIn
                      onBegin={(label) => {
                        setTyping(false);
                        setBegun(label);
                      }}
                      onTyping={setTyping}
                      typing={typing}
                    />
                  </Setup>
                ) : (
                  <p>{text.loading}</p>
                )}
                <KeysSection />
              </div>
              <div className="dialog-actions">
                <Button className="button" data-testid={testIds.awsClose} onPress={close}>
                  {text.close}
                </Button>
              </div>
            </>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

interface SetupProps {
  readonly aws: AwsSetup;
  readonly onBrowse: (label: string) => void;
  /** The way to another sign-in. */
  readonly children: ReactNode;
}

function Setup({ aws: { profiles, problems, signIns }, onBrowse, children }: SetupProps) {
  return (
    <>
      {problems.length === 0 ? null : (
        <section aria-label={text.problems} className="aws-problems">
          <TriangleAlert aria-hidden size={18} strokeWidth={1.75} />
          <ul>
            {problems.map(({ file, line, message }) => (
              <li data-testid={testIds.awsProblem} key={`${file}:${line ?? ""}:${message}`}>
                <code>{text.place(file, line)}</code> {message}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Section title={text.signIns}>
        {signIns.length === 0 ? null : (
          <ul className="aws-sign-ins">
            {signIns.map((signIn) => (
              <SignInRow key={signIn.label} onBrowse={onBrowse} signIn={signIn} />
            ))}
          </ul>
        )}
        {children}
      </Section>
      {profiles.length === 0 ? (
        <Empty />
      ) : (
        <Section title={text.profiles}>
          <Profiles profiles={profiles} />
        </Section>
      )}
    </>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="aws-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

interface SignInRowProps {
  readonly signIn: SignIn;
  readonly onBrowse: (label: string) => void;
}

function SignInRow({ signIn: { label, startUrl, expiresMs, typed }, onBrowse }: SignInRowProps) {
  const controller = useController();
  const now = useNow();
  const [busy, setBusy] = useState(false);
  const signedIn = expiresMs !== null && expiresMs > now;
  const run = (what: Promise<void>) => {
    setBusy(true);
    void what.finally(() => setBusy(false));
  };
  return (
    <li className="aws-sign-in" data-label={label} data-signed-in={signedIn} data-testid={testIds.awsSignIn}>
      <div>
        <p className="aws-name">{label}</p>
        {startUrl === label ? null : (
          <p className="aws-detail">
            {startUrl}
            {typed ? ` · ${strings.firstSignIn.typed}` : ""}
          </p>
        )}
      </div>
      <p className="aws-state">
        <span aria-hidden className="state-mark" data-state={signedIn ? "open" : "ended"} />
        {signedIn ? text.signedInUntil(expiresMs, now) : text.notSignedIn}
      </p>
      <div className="sign-in-buttons">
        {signedIn ? (
          <Button
            aria-label={busy ? text.signingOut : text.signOutOf(label)}
            className="button"
            data-testid={testIds.awsSignOutButton}
            // One place for both: it keeps the keyboard when one becomes the other.
            key="press"
            onPress={() => {
              if (!busy) run(controller.credentials.signOut(label));
            }}
          >
            {busy ? text.signingOut : text.signOut}
          </Button>
        ) : (
          <Button
            aria-label={busy ? text.signingIn : text.signInTo(label)}
            className="button"
            data-testid={testIds.awsSignInButton}
            key="press"
            onPress={() => {
              if (!busy) run(controller.credentials.signIn(label, false));
            }}
          >
            {busy ? text.signingIn : text.signIn}
          </Button>
        )}
        {/* A sign-in without a name is none that a new profile could name. */}
        {signedIn && startUrl !== label ? (
          <Button
            aria-label={strings.firstSignIn.accountsOf(label)}
            className="button"
            data-testid={testIds.signInAccounts}
            onPress={() => onBrowse(label)}
          >
            {strings.firstSignIn.accounts}
          </Button>
        ) : null}
        {typed ? (
          <Button
            aria-label={strings.firstSignIn.forgetOf(label)}
            className="button"
            data-testid={testIds.signInForget}
            onPress={() => {
              if (!busy) run(controller.firstSignIn.forget(label));
            }}
          >
            {strings.firstSignIn.forget}
          </Button>
        ) : null}
      </div>
    </li>
  );
}

function Profiles({ profiles }: { readonly profiles: readonly AwsProfile[] }) {
  return (
    <table className="aws-profiles">
      <thead>
        <tr>
          <th scope="col">{text.columnProfile}</th>
          <th scope="col">{text.columnKind}</th>
          <th scope="col">{text.columnAccount}</th>
          <th scope="col">{text.columnRegion}</th>
        </tr>
      </thead>
      <tbody>
        {profiles.map(({ name, kind, account, region, detail }) => (
          <tr data-kind={kind} data-name={name} data-testid={testIds.awsProfile} key={name}>
            <th scope="row">
              <span className="aws-name">{name}</span>
              {detail === null ? null : <span className="aws-detail">{detail}</span>}
            </th>
            <td>
              <span className="aws-kind">
                {kind === "broken" ? <TriangleAlert aria-hidden size={13} strokeWidth={2} /> : null}
                {text.kinds[kind]}
              </span>
            </td>
            <td className="aws-account">{account ?? <Unknown />}</td>
            <td>{region ?? <Unknown />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Unknown() {
  return (
    <>
      <span aria-hidden>–</span>
      <span className="visually-hidden">{text.unknown}</span>
    </>
  );
}

/** Where the files would be, and how to come by them. */
function Empty() {
  const controller = useController();
  const windows = useApp((state) => state.info?.platform === "windows");
  const [config, credentials] = windows
    ? ["%UserProfile%\\.aws\\config", "%UserProfile%\\.aws\\credentials"]
    : ["~/.aws/config", "~/.aws/credentials"];
  const command = (line: string) => (
    <span className="aws-command">
      <code>{line}</code>
      <IconButton
        icon={Copy}
        label={strings.status.copy(line)}
        onPress={() => void controller.desk.copy(line, line)}
      />
    </span>
  );
  return (
    <div className="aws-empty" data-testid={testIds.awsEmpty}>
      <p>
        <strong>{text.emptyTitle}</strong> {text.emptyText(config, credentials)}
      </p>
      <p>
        {text.emptySso} {command(text.emptySsoCommand)}
      </p>
      <p>
        {text.emptyKeys} {command(text.emptyKeysCommand)}
      </p>
      <p>{text.emptyEnvironment}</p>
    </div>
  );
}
