import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import { isLiveSession, panesIn, type TabId } from "../../model/tabs";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";

/** One question for all tabs that are to close with live sessions in them. No is where the focus is. */
export function CloseTabsDialog({ ids }: { readonly ids: readonly TabId[] }) {
  const controller = useController();
  const tabs = useApp((state) => state.tabs);
  const closing = tabs.list.filter(({ id }) => ids.includes(id));
  const live = closing.flatMap(panesIn).filter(({ session }) => isLiveSession(session));
  const no = () => controller.desk.closeDialog();
  return (
    <ModalOverlay className="overlay" isOpen onOpenChange={(open) => (open ? undefined : no())}>
      <Modal className="modal modal-small">
        <Dialog className="dialog" data-testid={testIds.closeTabs} role="alertdialog">
          <Heading slot="title">{strings.tabs.closeTitle(closing.length)}</Heading>
          <div className="dialog-body">
            <p>{strings.tabs.closeText(live.length)}</p>
            <ul className="close-list">
              {live.map(({ id, session }) => (
                <li className="ellipsis" dir="auto" key={id}>
                  {session.profile.name}
                </li>
              ))}
            </ul>
          </div>
          <div className="dialog-actions">
            {/* Focus: the harmless answer of a question just asked */}
            <Button autoFocus className="button" data-testid={testIds.closeTabsNo} onPress={no}>
              {strings.tabs.closeNo}
            </Button>
            <Button
              className="button danger"
              data-testid={testIds.closeTabsYes}
              onPress={() => {
                no();
                controller.tabs.closeNow(ids);
              }}
            >
              {strings.tabs.closeYes(closing.length)}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
