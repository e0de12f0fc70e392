import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import { strings } from "../strings";
import { testIds } from "../testIds";
import { useApp, useController } from "./context";

const text = strings.desktop;

const DOCUMENTATION = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager.html";
const LICENCE = "https://www.apache.org/licenses/LICENSE-2.0";

/** The larger parts; names of their own, so not translated. */
const PARTS: readonly (readonly [name: string, licence: string])[] = [
  ["Tauri", "MIT or Apache-2.0"],
  ["Tokio", "MIT"],
  ["AWS SDK for Rust", "Apache-2.0"],
  ["rustls", "Apache-2.0, ISC or MIT"],
  ["xterm.js", "MIT"],
  ["React", "MIT"],
  ["React Aria", "Apache-2.0"],
  ["dockview", "MIT"],
  ["Lucide", "ISC"],
  ["Inter", "OFL-1.1"],
  ["JetBrains Mono", "OFL-1.1"],
];

export function AboutDialog() {
  const controller = useController();
  const info = useApp((state) => state.info);
  const close = () => controller.desk.closeDialog();
  const page = (url: string, label: string) => (
    <Button className="link-button" onPress={() => void controller.desk.openPage(url)}>
      {label}
    </Button>
  );
  return (
    <ModalOverlay
      className="overlay"
      isDismissable
      isOpen
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Modal className="modal modal-small">
        <Dialog className="dialog" data-testid={testIds.aboutDialog}>
          <Heading slot="title">{text.aboutTitle}</Heading>
          <div aria-label={text.aboutTitle} className="dialog-body" role="group" tabIndex={0}>
            <p>{text.aboutText}</p>
            {info ? <p className="selectable">{text.aboutVersion(info.version, info.platform)}</p> : null}
            <p>
              {text.aboutLicence} {text.aboutOwn}
            </p>
            <div className="about-links">
              {page(DOCUMENTATION, text.aboutPage)}
              {page(LICENCE, text.aboutLicencePage)}
            </div>
            <h3 className="about-heading">{text.aboutParts}</h3>
            <dl className="about-parts">
              {PARTS.map(([name, licence]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{licence}</dd>
                </div>
              ))}
            </dl>
          </div>
          <div className="dialog-actions">
            <Button autoFocus className="button" data-testid={testIds.aboutClose} onPress={close}>
              {text.close}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
