import { Copy, Lock } from "lucide-react";
import { useEffect } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import type { TabId } from "../model/tabs";
import { strings } from "../strings";
import type { ScreenLink } from "../terminal/screenLinks";
import { testIds } from "../testIds";
import { useController } from "./context";
import { IconButton } from "./IconButton";
import { SearchBar } from "./SearchBar";
import { useStore } from "./useStore";

/** What may lie over a terminal: the search bar, the sign that it is read-only, and its text to read. */
export function PaneExtras({ id }: { readonly id: TabId }) {
  const { panes } = useController().terminals;
  const pane = useStore(panes.panes, (all) => all.get(id));
  if (!pane) return null;
  return (
    <>
      {pane.readOnly ? (
        <div className="read-only" data-testid={testIds.readOnlyBadge} role="note">
          <Lock aria-hidden size={14} strokeWidth={2} />
          {strings.terminal.readOnly}
          <Button className="link-button" onPress={() => panes.perform({ kind: "toggleReadOnly" }, id)}>
            {strings.terminal.unlock}
          </Button>
        </div>
      ) : null}
      {pane.searching ? <SearchBar id={id} /> : null}
      {pane.links === null ? null : <LinksDialog id={id} links={pane.links} />}
      {pane.reading === null ? null : <TextDialog id={id} text={pane.reading} />}
    </>
  );
}

/** What can be opened from the screen; where a link leads elsewhere than it says, that is asked about as ever. */
function LinksDialog({ id, links }: { readonly id: TabId; readonly links: readonly ScreenLink[] }) {
  const { terminals, desk } = useController();
  useEffect(() => terminals.lend(), [terminals]);
  const close = () => {
    terminals.panes.change(id, { links: null });
  };
  return (
    <ModalOverlay
      className="overlay"
      isDismissable
      isOpen
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Modal className="modal">
        <Dialog className="dialog" data-testid={testIds.screenLinks}>
          <Heading slot="title">{strings.terminal.links}</Heading>
          <div className="dialog-body">
            {links.length === 0 ? <p>{strings.terminal.noLinks}</p> : null}
            <ul className="screen-links">
              {links.map(({ link, shown }, index) => (
                <li key={`${link.url} ${shown}`}>
                  <Button
                    aria-label={strings.terminal.openLink(link.host)}
                    // Focus: the first of what was asked for
                    autoFocus={index === 0}
                    className="screen-link"
                    data-testid={testIds.screenLinkOpen}
                    onPress={() => {
                      close();
                      void terminals.openLink(link);
                    }}
                  >
                    {link.deceptive ? <span>{shown}</span> : null}
                    <code>{link.url}</code>
                  </Button>
                  <IconButton
                    icon={Copy}
                    label={strings.terminal.copyLink}
                    onPress={() => {
                      close();
                      void desk.copy(strings.terminal.address, link.url);
                    }}
                    testId={testIds.screenLinkCopy}
                  />
                </li>
              ))}
            </ul>
          </div>
          <div className="dialog-actions">
            <Button className="button" onPress={close}>
              {strings.terminal.close}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** The buffer as a text field, which assistive technology reads line by line. */
function TextDialog({ id, text }: { readonly id: TabId; readonly text: string }) {
  const { terminals } = useController();
  useEffect(() => terminals.lend(), [terminals]);
  const close = () => {
    terminals.panes.change(id, { reading: null });
  };
  return (
    <ModalOverlay
      className="overlay"
      isDismissable
      isOpen
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Modal className="modal modal-text">
        <Dialog className="dialog">
          <Heading slot="title">{strings.terminal.readTitle}</Heading>
          <div className="dialog-body">
            <textarea
              aria-label={strings.terminal.readTitle}
              // Focus: what was asked for, at its newest line
              autoFocus
              className="read-text"
              data-testid={testIds.readText}
              defaultValue={text}
              onFocus={({ target }) => {
                target.setSelectionRange(text.length, text.length);
                target.scrollTop = target.scrollHeight;
              }}
              readOnly
            />
          </div>
          <div className="dialog-actions">
            <Button className="button" onPress={close}>
              {strings.terminal.close}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
