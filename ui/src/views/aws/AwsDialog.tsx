import { Copy, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import type { AwsProfile } from "../../generated/AwsProfile";
import type { AwsSetup } from "../../generated/AwsSetup";
import type { SignIn } from "../../generated/SignIn";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";
import { IconButton } from "../IconButton";
import { useNow } from "../useNow";
import { KeysSection } from "./KeysSection";

const text = strings.aws;

/** What the machine's AWS configuration offers: its profiles, its sign-ins, and what in it does not count. */
export function AwsDialog() {
  const controller = useController();
  const aws = useApp((state) => state.aws);
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
          <Heading slot="title">{text.title}</Heading>
          {/* Focus: whoever reads by keyboard must be able to scroll it. */}
          <div aria-label={text.title} className="dialog-body aws-body" role="group" tabIndex={0}>
            {aws ? <Setup aws={aws} /> : <p>{text.loading}</p>}
            <KeysSection />
          </div>
          <div className="dialog-actions">
            <Button className="button" data-testid={testIds.awsClose} onPress={close}>
              {text.close}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Setup({ aws: { profiles, problems, signIns } }: { readonly aws: AwsSetup }) {
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
      {signIns.length === 0 ? null : (
        <Section title={text.signIns}>
          <ul className="aws-sign-ins">
            {signIns.map((signIn) => (
              <SignInRow key={signIn.label} signIn={signIn} />
            ))}
          </ul>
        </Section>
      )}
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

function SignInRow({ signIn: { label, startUrl, expiresMs } }: { readonly signIn: SignIn }) {
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
        {startUrl === label ? null : <p className="aws-detail">{startUrl}</p>}
      </div>
      <p className="aws-state">
        <span aria-hidden className="state-mark" data-state={signedIn ? "open" : "ended"} />
        {signedIn ? text.signedInUntil(expiresMs, now) : text.notSignedIn}
      </p>
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
