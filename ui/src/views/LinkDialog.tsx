import { TriangleAlert } from "lucide-react";
import { type ReactNode } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import type { LinkDifference } from "../generated/LinkDifference";
import type { LinkRequest } from "../generated/LinkRequest";
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import { assertNever } from "../model/assertNever";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useApp, useController } from "./context";

const text = strings.deepLink;

/** Asks about the first link that waits, once nothing else is being filled in. */
export function LinkDialog() {
  const link = useApp((state) =>
    state.dialog === null && state.questions.length === 0 && state.quitting === null
      ? state.links[0]
      : undefined,
  );
  return link ? <Asked key={link.id} link={link} /> : null;
}

function Asked({ link }: { readonly link: LinkRequest }) {
  const controller = useController();
  const refused = link.asks.kind === "refused";
  const cancel = () => {
    void controller.links.cancel(link);
    controller.terminals.reclaim();
  };
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      onOpenChange={(open) => {
        if (!open) cancel();
      }}
    >
      <Modal className="modal">
        <Dialog
          className="dialog"
          data-kind={link.asks.kind}
          data-testid={testIds.deepLinkDialog}
          role="alertdialog"
        >
          <Heading slot="title">{refused ? text.refusedTitle : text.title}</Heading>
          <div className="dialog-body deep-link-body">
            <Body link={link} />
          </div>
          <div className="dialog-actions">
            <Button autoFocus className="button" data-testid={testIds.deepLinkCancel} onPress={cancel}>
              {refused ? text.close : text.cancel}
            </Button>
            <Actions link={link} />
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Body({ link }: { readonly link: LinkRequest }): ReactNode {
  const { asks } = link;
  switch (asks.kind) {
    case "refused":
      return <p>{asks.message}</p>;
    case "saved":
      return (
        <>
          <p>{text.lead}</p>
          {asks.profiles.length > 1 ? <p>{text.several}</p> : null}
          {asks.profiles.map((profile) => (
            <Saved key={profile.id} link={link} profile={profile}>
              <Place draft={profile} />
            </Saved>
          ))}
        </>
      );
    case "place":
      return (
        <>
          <p>{text.lead}</p>
          <Place draft={asks.draft} />
          {asks.unknownAwsProfile ? (
            <p className="deep-link-warning">
              <TriangleAlert aria-hidden size={16} strokeWidth={1.75} />
              {text.unknownAwsProfile}
            </p>
          ) : null}
          {asks.matches.length > 0 ? <p>{text.matches}</p> : null}
          {asks.matches.map(({ profile, differences }) => (
            <Saved key={profile.id} link={link} profile={profile}>
              <Differences differences={differences} />
            </Saved>
          ))}
        </>
      );
    default:
      return assertNever(asks);
  }
}

function Actions({ link }: { readonly link: LinkRequest }) {
  const controller = useController();
  const { asks } = link;
  if (asks.kind !== "place") return null;
  return (
    <>
      <Button
        className="button"
        data-testid={testIds.deepLinkSave}
        onPress={() => void controller.links.save(link, asks.draft)}
      >
        {text.save}
      </Button>
      <Button
        className="button primary"
        data-testid={testIds.deepLinkConnect}
        onPress={() => void controller.links.connectOnce(link)}
      >
        {text.connectOnce}
      </Button>
    </>
  );
}

/** One of the person's own profiles, which they can open instead. */
function Saved({
  link,
  profile,
  children,
}: {
  readonly link: LinkRequest;
  readonly profile: Profile;
  readonly children: ReactNode;
}) {
  const controller = useController();
  return (
    <section
      aria-label={profile.name}
      className="deep-link-saved"
      data-profile-name={profile.name}
      data-testid={testIds.deepLinkSaved}
    >
      <div className="deep-link-saved-head">
        <span aria-hidden className="profile-mark" data-colour={profile.colour} />
        <strong className="ellipsis">
          <bdi>{profile.name}</bdi>
        </strong>
        <Button
          aria-label={text.connectTo(profile.name)}
          className="button"
          onPress={() => void controller.links.open(link, profile)}
        >
          {text.connect}
        </Button>
      </div>
      {children}
    </section>
  );
}

function Place({ draft }: { readonly draft: ProfileDraft }) {
  const rows = [
    [text.target, draft.target, ""],
    [text.awsProfile, draft.awsProfile, text.noAwsProfile],
    [text.region, draft.region, text.noRegion],
    [text.document, draft.document, text.noDocument],
  ] as const;
  return (
    <dl className="deep-link-place">
      {rows.map(([label, value, usual]) => (
        <div key={label}>
          <dt>{label}</dt>
          {value === null ? (
            <dd>{usual}</dd>
          ) : (
            <dd className="deep-link-value">
              <bdi>{value}</bdi>
            </dd>
          )}
        </div>
      ))}
    </dl>
  );
}

function Differences({ differences }: { readonly differences: readonly LinkDifference[] }) {
  if (differences.length === 0) return <p>{text.same}</p>;
  return (
    <ul className="deep-link-differences">
      {differences.map(({ field, saved, linked }) => (
        <li key={field}>{text.difference(field, saved, linked)}</li>
      ))}
    </ul>
  );
}
