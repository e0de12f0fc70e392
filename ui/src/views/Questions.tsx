import { type ReactNode, useEffect } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import type { Link } from "../terminal/links";
import { type PasteReview, shownText } from "../terminal/paste";
import { assertNever } from "../model/assertNever";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useController } from "./context";
import type { Question } from "../control/terminalControl";
import { useStore } from "./useStore";

interface AskProps {
  readonly title: string;
  readonly yes: string;
  readonly no: string;
  readonly danger?: boolean;
  readonly testId: string;
  readonly yesTestId: string;
  readonly noTestId: string;
  readonly onAnswer: (yes: boolean) => void;
  readonly children: ReactNode;
}

/** A question with two answers. No is where the focus is, and what Escape means. */
export function Ask({ title, yes, no, danger, testId, yesTestId, noTestId, onAnswer, children }: AskProps) {
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      onOpenChange={(open) => {
        if (!open) onAnswer(false);
      }}
    >
      <Modal className="modal modal-small">
        <Dialog className="dialog" data-testid={testId} role="alertdialog">
          <Heading slot="title">{title}</Heading>
          <div className="dialog-body">{children}</div>
          <div className="dialog-actions">
            <Button
              // Focus: the harmless answer of a question just asked
              autoFocus
              className="button"
              data-testid={noTestId}
              onPress={() => onAnswer(false)}
            >
              {no}
            </Button>
            <Button
              className={danger ? "button danger" : "button primary"}
              data-testid={yesTestId}
              onPress={() => onAnswer(true)}
            >
              {yes}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** What terminals ask before they paste or open something. */
export function Questions() {
  const controller = useController();
  const question = useStore(controller.terminals.questions, (all) => all[0]);
  return question ? <Asked question={question} /> : null;
}

function Asked({ question }: { readonly question: Question }) {
  const { terminals } = useController();
  useEffect(() => terminals.lend(), [terminals, question]);
  switch (question.kind) {
    case "paste":
      return <PasteQuestion onAnswer={question.answer} review={question.review} />;
    case "link":
      return <LinkQuestion link={question.link} onAnswer={question.answer} />;
    case "farClipboard":
      return <ClipboardQuestion name={question.name} onAnswer={question.answer} text={question.text} />;
    default:
      return assertNever(question);
  }
}

function ClipboardQuestion({
  name,
  text,
  onAnswer,
}: {
  readonly name: string;
  readonly text: string;
  readonly onAnswer: (yes: boolean) => void;
}) {
  return (
    <Ask
      no={strings.terminal.farNo}
      noTestId={testIds.farClipboardNo}
      onAnswer={onAnswer}
      testId={testIds.farClipboardDialog}
      title={strings.terminal.farTitle(name)}
      yes={strings.terminal.farYes}
      yesTestId={testIds.farClipboardYes}
    >
      <p>{strings.terminal.farText}</p>
      <pre aria-label={strings.paste.text} className="paste-text" tabIndex={0}>
        <Marked text={shownText(text)} />
      </pre>
      <p className="paste-count">{strings.paste.characters(Array.from(text).length)}</p>
    </Ask>
  );
}

/** Text with what stands for unseen characters set apart; odd places hold what was caught. */
function Marked({ text }: { readonly text: string }) {
  return text.split(MARKED).map((part, index) =>
    index % 2 === 1 ? (
      <mark className="paste-mark" key={index}>
        {part}
      </mark>
    ) : (
      part
    ),
  );
}

/** What stands for a character that cannot be seen. */
const MARKED = /([\u2400-\u2421\ufffd]|⟨U\+[0-9A-F]+⟩)/u;

function PasteQuestion({
  review,
  onAnswer,
}: {
  readonly review: PasteReview;
  readonly onAnswer: (yes: boolean) => void;
}) {
  return (
    <Ask
      no={strings.paste.no}
      noTestId={testIds.pasteCancel}
      onAnswer={onAnswer}
      testId={testIds.pasteDialog}
      title={strings.paste.title(review.lines)}
      yes={strings.paste.yes}
      yesTestId={testIds.pasteConfirm}
    >
      {review.concerns.map((concern) => (
        <p key={concern}>{strings.paste.concerns[concern]}</p>
      ))}
      <pre
        aria-label={strings.paste.text}
        className="paste-text"
        data-testid={testIds.pasteText}
        tabIndex={0}
      >
        <Marked text={review.shown} />
      </pre>
      <p className="paste-count">{strings.paste.characters(review.characters)}</p>
    </Ask>
  );
}

function LinkQuestion({
  link,
  onAnswer,
}: {
  readonly link: Link;
  readonly onAnswer: (yes: boolean) => void;
}) {
  return (
    <Ask
      no={strings.link.no}
      noTestId={testIds.linkCancel}
      onAnswer={onAnswer}
      testId={testIds.linkDialog}
      title={strings.link.title}
      yes={strings.link.yes}
      yesTestId={testIds.linkConfirm}
    >
      <p>{strings.link.text}</p>
      <p className="link-host">{link.host}</p>
      <code className="link-url">{link.url}</code>
    </Ask>
  );
}
