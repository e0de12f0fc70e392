import { ChevronRight, Copy, ExternalLink, Globe, TriangleAlert } from "lucide-react";
import { type ReactNode, type Ref, useEffect, useId, useRef, useState } from "react";
import {
  Button,
  Dialog,
  Disclosure,
  DisclosurePanel,
  Form,
  Heading,
  Input,
  Modal,
  ModalOverlay,
} from "react-aria-components";

import type { Problem } from "../generated/Problem";
import type { Question } from "../generated/Question";
import type { QuestionAbout } from "../generated/QuestionAbout";
import type { SignInStep } from "../generated/SignInStep";
import { toHostError } from "../host/host";
import { askedNow } from "../model/appState";
import { assertNever } from "../model/assertNever";
import { arnName, cleanCode, CODE_LENGTH, secondsLeft } from "../model/credentials";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useApp, useController } from "./context";
import { IconButton } from "./IconButton";
import { useNow } from "./useNow";
import { useStore } from "./useStore";

const text = strings.question;

/** Who is typing in a terminal when the question comes up has not yet seen it. */
const UNSEEN_MS = 500;

/** What connections need of the person: one question after another, once nothing else is being asked. */
export function CredentialQuestions() {
  const controller = useController();
  const question = useApp(askedNow);
  const terminalAsks = useStore(controller.terminals.questions, (all) => all.length > 0);
  if (!question || terminalAsks) return null;
  const { about } = question;
  switch (about.kind) {
    case "signIn":
      return <SignInQuestion about={about} key={question.id} question={question} />;
    case "mfa":
      return <MfaQuestion about={about} key={question.id} question={question} />;
    default:
      return assertNever(about);
  }
}

interface FrameProps {
  readonly question: Question;
  readonly title: string;
  readonly testId: string;
  readonly step?: string;
  readonly ref?: Ref<HTMLElement>;
  readonly children: ReactNode;
}

/** The dialog around a question. Escape means "not now". */
function Frame({ question, title, testId, step, ref, children }: FrameProps) {
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

type SignIn = Extract<QuestionAbout, { kind: "signIn" }>;

function SignInQuestion({ question, about }: { readonly question: Question; readonly about: SignIn }) {
  const controller = useController();
  const dialog = useRef<HTMLElement>(null);
  const [pressed, setPressed] = useState<Question | null>(null);
  const { step, problem } = question;
  const kind = step?.kind ?? "none";
  const starting = pressed === question;

  // A step takes the button with it that was pressed to get there, and what is left to press next is "cancel".
  useEffect(() => {
    if (dialog.current?.contains(document.activeElement) === false) dialog.current.focus();
  }, [kind]);

  const signIn = (withCode: boolean) => {
    setPressed(question);
    void controller.credentials
      .signIn(about.session, withCode)
      .finally(() => setPressed((current) => (current === question ? null : current)));
  };

  return (
    <Frame
      question={question}
      ref={dialog}
      step={kind}
      testId={testIds.signInDialog}
      title={text.signInTitle(about.session)}
    >
      <div className="dialog-body">
        {step ? (
          <Step step={step} />
        ) : (
          <>
            {problem ? <ProblemText problem={problem} /> : null}
            <p>
              {question.waiting > 0 ? `${text.waiting(question.waiting)} ` : ""}
              {text.signInLead}
            </p>
            <dl className="facts">
              <dt>{text.startUrl}</dt>
              <dd>
                <code>{about.startUrl}</code>
              </dd>
            </dl>
          </>
        )}
      </div>
      <div className="dialog-actions">
        <Button
          className="button"
          data-testid={testIds.questionCancel}
          onPress={() => controller.credentials.cancel(question)}
        >
          {step ? text.cancel : text.notNow}
        </Button>
        <span className="dialog-space" />
        {step === null || step.kind === "browser" ? (
          <Button
            className="button"
            data-testid={testIds.signInCode}
            isDisabled={starting}
            onPress={() => signIn(true)}
          >
            {text.code}
          </Button>
        ) : null}
        {step === null ? (
          <Button
            className="button primary"
            data-testid={testIds.signInBrowser}
            isDisabled={starting}
            onPress={() => signIn(false)}
          >
            <Globe aria-hidden size={15} strokeWidth={1.75} />
            {text.browser}
          </Button>
        ) : null}
      </div>
    </Frame>
  );
}

/** How far the sign-in has come, said aloud too. */
function Step({ step }: { readonly step: SignInStep }) {
  switch (step.kind) {
    case "preparing":
      return <Busy>{text.preparing}</Busy>;
    case "browser":
      return (
        <>
          <Busy>{text.inBrowser}</Busy>
          <Page url={step.url} />
        </>
      );
    case "device":
      return (
        <>
          <p role="status">{text.deviceLead}</p>
          <UserCode code={step.userCode} expiresMs={step.expiresMs} />
          <Page url={step.url} />
        </>
      );
    case "finishing":
      return <Busy>{text.finishing}</Busy>;
    default:
      return assertNever(step);
  }
}

function Busy({ children }: { readonly children: string }) {
  return (
    <div className="question-busy">
      <span aria-hidden className="spinner" />
      <p role="status">{children}</p>
    </div>
  );
}

function UserCode({ code, expiresMs }: { readonly code: string; readonly expiresMs: number }) {
  const controller = useController();
  const seconds = secondsLeft(expiresMs, useNow());
  return (
    <div className="user-code">
      <p>
        <span className="visually-hidden">{text.deviceCode} </span>
        <code data-testid={testIds.signInUserCode}>{code}</code>
      </p>
      <IconButton
        icon={Copy}
        label={text.copyCode}
        onPress={() => void controller.desk.copy(text.deviceCode, code)}
      />
      <span className="user-code-left" role="timer">
        {seconds > 0 ? text.codeLeft(seconds) : text.codeOver}
      </span>
    </div>
  );
}

/** The page where the person signs in, for whom it did not open by itself or in the wrong browser. */
function Page({ url }: { readonly url: string }) {
  const controller = useController();
  return (
    <div className="question-page">
      <code aria-label={text.address} className="question-address" role="group" tabIndex={0}>
        {url}
      </code>
      <div className="question-buttons">
        <Button
          className="button"
          data-testid={testIds.signInOpen}
          onPress={() => void controller.desk.openPage(url)}
        >
          <ExternalLink aria-hidden size={15} strokeWidth={1.75} />
          {text.openAgain}
        </Button>
        <Button
          className="button"
          data-testid={testIds.signInCopy}
          onPress={() => void controller.desk.copy(text.addressCopied, url)}
        >
          <Copy aria-hidden size={15} strokeWidth={1.75} />
          {text.copyAddress}
        </Button>
      </div>
    </div>
  );
}

function ProblemText({ problem: { message, remedy, detail } }: { readonly problem: Problem }) {
  const controller = useController();
  return (
    <div className="question-problem" data-testid={testIds.questionProblem} role="alert">
      <TriangleAlert aria-hidden size={18} strokeWidth={1.75} />
      <div>
        <p>
          <strong>{message}</strong>
        </p>
        {remedy === null ? null : <p>{remedy}</p>}
        {detail === null ? null : (
          <Disclosure>
            <Button className="link-button" slot="trigger">
              <ChevronRight aria-hidden className="ended-chevron" size={14} />
              {text.details}
            </Button>
            <DisclosurePanel>
              <div className="ended-detail">
                <code>{detail}</code>
                <IconButton
                  icon={Copy}
                  label={text.copyDetails}
                  onPress={() => void controller.desk.copy(text.details, detail)}
                />
              </div>
            </DisclosurePanel>
          </Disclosure>
        )}
      </div>
    </div>
  );
}

type Mfa = Extract<QuestionAbout, { kind: "mfa" }>;

/** Asks for a code. It is nowhere but in the input, and gone from there with its sending. */
function MfaQuestion({ question, about }: { readonly question: Question; readonly about: Mfa }) {
  const controller = useController();
  const input = useRef<HTMLInputElement>(null);
  const ids = { input: useId(), problem: useId() };
  /** The question as it stood when it was last answered: what it says is about the answer before. */
  const [answered, setAnswered] = useState<Question | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const checking = answered === question;
  const problem: Problem | null = checking
    ? null
    : (question.problem ?? (failure === null ? null : { message: failure, remedy: null, detail: null }));

  useEffect(() => {
    if (question.problem) input.current?.focus();
  }, [question]);

  const send = () => {
    const field = input.current;
    if (!field || checking) return;
    const code = cleanCode(field.value);
    if (code.length < CODE_LENGTH) {
      setFailure(text.codeShort);
      field.focus();
      return;
    }
    field.value = "";
    field.focus();
    setFailure(null);
    setAnswered(question);
    controller.credentials.answerMfa(question.id, code).catch((reason: unknown) => {
      setFailure(toHostError(reason).message);
      setAnswered(null);
      input.current?.focus();
    });
  };

  return (
    <Frame question={question} testId={testIds.mfaDialog} title={text.mfaTitle}>
      <Form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        validationBehavior="aria"
      >
        <div className="dialog-body">
          <p>
            {text.mfaLead(about.awsProfile)} {question.waiting > 1 ? text.waiting(question.waiting) : ""}
          </p>
          <dl className="facts">
            <dt>{text.device}</dt>
            <dd title={about.serial}>{arnName(about.serial)}</dd>
            <dt>{text.role}</dt>
            <dd>
              <code>{about.roleArn}</code>
            </dd>
          </dl>
          <div className="field">
            <label htmlFor={ids.input}>{text.codeLabel}</label>
            <div className="code-line">
              <Input
                aria-describedby={problem ? ids.problem : undefined}
                aria-invalid={problem !== null}
                autoComplete="one-time-code"
                // Focus: the only thing that is asked for
                autoFocus
                className="input code-input"
                data-testid={testIds.mfaCode}
                id={ids.input}
                inputMode="numeric"
                onInput={({ currentTarget: field }) => {
                  const code = cleanCode(field.value);
                  if (code !== field.value) field.value = code;
                }}
                ref={input}
                spellCheck="false"
              />
              <span className="code-checking" role="status">
                {checking ? text.checking : ""}
              </span>
            </div>
          </div>
          {problem ? (
            <div id={ids.problem}>
              <ProblemText problem={problem} />
            </div>
          ) : null}
        </div>
        <div className="dialog-actions">
          <Button
            className="button"
            data-testid={testIds.questionCancel}
            onPress={() => controller.credentials.cancel(question)}
          >
            {text.notNow}
          </Button>
          <Button
            className="button primary"
            data-testid={testIds.mfaSend}
            isDisabled={checking}
            type="submit"
          >
            {text.send}
          </Button>
        </div>
      </Form>
    </Frame>
  );
}
