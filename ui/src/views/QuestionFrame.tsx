import { type ReactNode, type Ref, useEffect, useState } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import type { Question } from "../generated/Question";
import { useController } from "./context";

/** Who is typing in a terminal when the question comes up has not yet seen it. */
export const UNSEEN_MS = 500;

interface QuestionFrameProps {
  readonly question: Question;
  readonly title: string;
  readonly testId: string;
  readonly step?: string;
  readonly ref?: Ref<HTMLElement>;
  readonly children: ReactNode;
}

/** The dialog around a question. Escape means "not now". */
export function QuestionFrame({ question, title, testId, step, ref, children }: QuestionFrameProps) {
  const controller = useController();
  const [since] = useState(() => performance.now());
  useEffect(() => controller.terminals.lend(), [controller]);
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      onOpenChange={(open) => {
        if (!open && performance.now() - since > UNSEEN_MS) controller.credentials.cancel(question);
      }}
    >
      <Modal className="modal modal-question">
        <Dialog
          className="dialog"
          data-step={step}
          data-testid={testId}
          {...(ref === undefined ? {} : { ref })}
        >
          <Heading slot="title">{title}</Heading>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
