import { useState } from "react";
import {
  Button,
  ComboBox,
  Dialog,
  Form,
  Heading,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Modal,
  ModalOverlay,
  Popover,
  Text,
} from "react-aria-components";
import { ChevronDown } from "lucide-react";

import type { TreeItem } from "../../generated/TreeItem";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";

const text = strings.tree;

/** Moves things from the keyboard: a folder that is chosen or written. */
export function MoveDialog({ items, what }: { readonly items: readonly TreeItem[]; readonly what: string }) {
  const controller = useController();
  const folders = useApp((state) => state.profileTree.folders);
  const [folder, setFolder] = useState("");
  const close = () => controller.desk.closeDialog();
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Modal className="modal modal-narrow">
        <Dialog className="dialog" data-testid={testIds.moveDialog}>
          <Heading slot="title">{text.moveTitle(what)}</Heading>
          <Form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              close();
              const path = folder
                .split("/")
                .map((name) => name.trim())
                .filter(Boolean)
                .join("/");
              void controller.profiles.move(items, what, path);
            }}
          >
            <div className="form-body">
              <ComboBox
                allowsCustomValue
                // Focus: the only field of a dialog that was just asked for
                autoFocus
                className="field"
                defaultItems={folders.map(({ path }) => ({ id: path }))}
                inputValue={folder}
                menuTrigger="input"
                onInputChange={setFolder}
              >
                <Label>{text.moveFilter}</Label>
                <div className="combo">
                  <Input
                    className="input"
                    data-testid={testIds.moveFolder}
                    placeholder={text.movePlaceholder}
                    spellCheck="false"
                  />
                  <Button aria-label={strings.form.showOptions(text.moveFilter)} className="combo-button">
                    <ChevronDown aria-hidden size={16} strokeWidth={1.75} />
                  </Button>
                </div>
                <Text className="field-help" slot="description">
                  {text.moveHelp}
                </Text>
                <Popover className="popover combo-popover" offset={4}>
                  <ListBox<{ id: string }> className="menu">
                    {({ id }) => (
                      <ListBoxItem className="menu-item" id={id} textValue={id}>
                        {id}
                      </ListBoxItem>
                    )}
                  </ListBox>
                </Popover>
              </ComboBox>
            </div>
            <div className="dialog-actions">
              <Button className="button" onPress={close}>
                {text.cancel}
              </Button>
              <Button className="button primary" data-testid={testIds.moveYes} type="submit">
                {text.moveYes}
              </Button>
            </div>
          </Form>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
