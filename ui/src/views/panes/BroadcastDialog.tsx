import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import { candidates, inProduction, proposed, type Scope } from "../../model/broadcast";
import { isProduction } from "../../model/profiles";
import type { PaneId } from "../../model/layout";
import { nameOf, panesIn } from "../../model/tabs";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";

/** Chooses the panes that type together. Those in production are never chosen by themselves. */
export function BroadcastDialog() {
  const controller = useController();
  const tabs = useApp((state) => state.tabs);
  const propose = (scope: Scope) => proposed(tabs, tabs.active, scope);
  const [chosen, setChosen] = useState<ReadonlySet<PaneId>>(() => {
    const near = propose("tab");
    return near.size > 1 ? near : propose("all");
  });
  const known = new Set(candidates(tabs).map(({ id }) => id));
  const production = inProduction(tabs, chosen).length;
  const close = () => controller.desk.closeDialog();
  const toggle = (id: PaneId) =>
    setChosen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  return (
    <ModalOverlay className="overlay" isOpen onOpenChange={(open) => (open ? undefined : close())}>
      <Modal className="modal modal-small">
        <Dialog className="dialog" data-testid={testIds.broadcastDialog}>
          <Heading slot="title">{strings.tabs.broadcastTitle}</Heading>
          <div className="dialog-body">
            <p>{strings.tabs.broadcastText}</p>
            <div className="broadcast-scopes">
              <Button className="button" onPress={() => setChosen(propose("tab"))}>
                {strings.tabs.broadcastTab}
              </Button>
              <Button
                className="button"
                data-testid={testIds.broadcastAll}
                onPress={() => setChosen(propose("all"))}
              >
                {strings.tabs.broadcastAll}
              </Button>
            </div>
            {tabs.list.map((tab) =>
              panesIn(tab)
                .filter(({ id }) => known.has(id))
                .map(({ id, session: { profile } }) => (
                  <label className="broadcast-pane" data-pane-id={id} key={id}>
                    <input checked={chosen.has(id)} onChange={() => toggle(id)} type="checkbox" />
                    <span className="ellipsis" dir="auto">
                      {tab.name === null ? profile.name : `${nameOf(tab)} · ${profile.name}`}
                    </span>
                    <code className="ellipsis">{profile.builtIn ? "" : profile.target}</code>
                    {isProduction(profile) ? (
                      <strong className="production-word">{strings.tabs.production}</strong>
                    ) : null}
                  </label>
                )),
            )}
            {production > 0 ? (
              <p className="broadcast-warning" role="alert">
                <TriangleAlert aria-hidden size={16} strokeWidth={1.75} />
                {strings.tabs.broadcastProduction(production)}
              </p>
            ) : null}
          </div>
          <div className="dialog-actions">
            <Button className="button" onPress={close}>
              {strings.tabs.cancel}
            </Button>
            <Button
              autoFocus
              className={production > 0 ? "button danger" : "button primary"}
              data-testid={testIds.broadcastStart}
              isDisabled={chosen.size < 2}
              onPress={() => controller.broadcast.start(chosen)}
            >
              {strings.tabs.broadcastStart(chosen.size)}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
