/** What a session that starts asks: which of several nodes it shall be on, and why the person connects. */
import { Search, TriangleAlert } from "lucide-react";
import { useId, useState } from "react";
import {
  Autocomplete,
  Button,
  Form,
  Input,
  ListBox,
  ListBoxItem,
  SearchField,
  useFilter,
} from "react-aria-components";

import type { NodeChoice } from "../generated/NodeChoice";
import type { Question } from "../generated/Question";
import type { QuestionAbout } from "../generated/QuestionAbout";
import { toHostError } from "../host/host";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useController } from "./context";
import { QuestionFrame, UNSEEN_MS } from "./QuestionFrame";

const text = strings.asking;

/** Answers a question once; a refused answer says why and can be given anew. */
function useAnswer(question: Question) {
  const controller = useController();
  const [failure, setFailure] = useState<string | null>(null);
  const [sent, setSent] = useState(false);
  const answer = (given: string) => {
    if (sent) return;
    setSent(true);
    setFailure(null);
    controller.credentials.answer(question.id, given).catch((reason: unknown) => {
      setFailure(toHostError(reason).message);
      setSent(false);
    });
  };
  return { answer, failure, setFailure, sent };
}

type ChooseNode = Extract<QuestionAbout, { kind: "chooseNode" }>;

interface ChooseNodeProps {
  readonly question: Question;
  readonly about: ChooseNode;
}

/** Typing filters, the arrows move, Enter chooses. */
export function ChooseNodeQuestion({ question, about }: ChooseNodeProps) {
  const controller = useController();
  const { contains } = useFilter({ sensitivity: "base" });
  const { answer, failure, sent } = useAnswer(question);
  const [since] = useState(() => performance.now());
  const nodes = [...about.nodes].sort((a, b) => Number(b.isOnline) - Number(a.isOnline));
  const online = nodes.filter(({ isOnline }) => isOnline).length;
  return (
    <QuestionFrame question={question} testId={testIds.nodeDialog} title={text.nodeTitle(about.connection)}>
      <div className="dialog-body">
        <p>{text.nodeLead(online, about.rule)}</p>
        <Autocomplete filter={contains}>
          <SearchField aria-label={text.filter} autoFocus className="node-filter">
            <Search aria-hidden size={15} strokeWidth={1.75} />
            <Input
              className="input"
              data-testid={testIds.nodeFilter}
              placeholder={text.filter}
              spellCheck="false"
            />
          </SearchField>
          <ListBox
            aria-label={text.nodes}
            className="node-list"
            disabledKeys={nodes.filter(({ isOnline }) => !isOnline).map(({ id }) => id)}
            onAction={(key) => {
              // A key that was meant for a terminal chooses nothing.
              if (performance.now() - since > UNSEEN_MS) answer(String(key));
            }}
            renderEmptyState={() => <p className="node-none">{text.noNode}</p>}
          >
            {nodes.map((node) => (
              <Node key={node.id} node={node} />
            ))}
          </ListBox>
        </Autocomplete>
        {failure === null ? null : <Failure>{failure}</Failure>}
      </div>
      <div className="dialog-actions">
        <span className="node-hint">{text.nodeHint}</span>
        <span className="dialog-space" />
        <Button
          className="button"
          data-testid={testIds.questionCancel}
          isDisabled={sent}
          onPress={() => controller.credentials.cancel(question)}
        >
          {text.cancel}
        </Button>
      </div>
    </QuestionFrame>
  );
}

function Node({ node }: { readonly node: NodeChoice }) {
  const { id, name, ipAddress, platform, pingStatus, isOnline } = node;
  const known = [name, id, ipAddress, platform, pingStatus].filter((each) => each !== null);
  return (
    <ListBoxItem className="node" data-testid={testIds.nodeChoice} id={id} textValue={known.join(" ")}>
      <span className="node-name">{name ?? id}</span>
      {name === null ? null : <code className="node-id">{id}</code>}
      <span className="node-facts">{[ipAddress, platform].filter((each) => each !== null).join(" · ")}</span>
      <span className={isOnline ? "node-ping" : "node-ping offline"}>{text.ping(pingStatus)}</span>
    </ListBoxItem>
  );
}

type Reason = Extract<QuestionAbout, { kind: "reason" }>;

/** Asks why, as the connection wants it. */
export function ReasonQuestion({ question, about }: { readonly question: Question; readonly about: Reason }) {
  const controller = useController();
  const [typed, setTyped] = useState("");
  const { answer, failure, setFailure, sent } = useAnswer(question);
  const ids = { input: useId(), hint: useId(), failure: useId() };
  const length = Array.from(typed.trim()).length;
  const left = about.mostChars - length;
  const problem = left < 0 ? text.tooLong(about.mostChars) : failure;
  const whole = about.preview.replaceAll("…", length === 0 ? "…" : typed.trim());
  return (
    <QuestionFrame
      question={question}
      testId={testIds.reasonDialog}
      title={text.reasonTitle(about.connection)}
    >
      <Form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (left < 0) return;
          if (length === 0) setFailure(text.reasonMissing);
          else answer(typed);
        }}
        validationBehavior="aria"
      >
        <div className="dialog-body">
          <p>{text.reasonLead}</p>
          <div className="field">
            <label htmlFor={ids.input}>{text.reasonLabel}</label>
            <Input
              aria-describedby={problem === null ? ids.hint : `${ids.failure} ${ids.hint}`}
              aria-invalid={problem !== null}
              // Focus: the only thing that is asked for
              autoFocus
              className="input"
              data-testid={testIds.reasonInput}
              id={ids.input}
              onChange={({ currentTarget: { value } }) => {
                setTyped(value);
                setFailure(null);
              }}
              value={typed}
            />
            <p className="field-hint" id={ids.hint}>
              {text.left(left, about.mostChars)}
            </p>
          </div>
          {about.preview === "…" ? null : (
            <dl className="facts">
              <dt>{text.whole}</dt>
              <dd data-testid={testIds.reasonWhole}>{whole}</dd>
            </dl>
          )}
          {problem === null ? null : (
            <div id={ids.failure}>
              <Failure>{problem}</Failure>
            </div>
          )}
        </div>
        <div className="dialog-actions">
          <Button
            className="button"
            data-testid={testIds.questionCancel}
            onPress={() => controller.credentials.cancel(question)}
          >
            {text.cancel}
          </Button>
          <Button
            className="button primary"
            data-testid={testIds.reasonStart}
            isDisabled={sent}
            type="submit"
          >
            {text.start}
          </Button>
        </div>
      </Form>
    </QuestionFrame>
  );
}

function Failure({ children }: { readonly children: string }) {
  return (
    <div className="question-problem" data-testid={testIds.questionProblem} role="alert">
      <TriangleAlert aria-hidden size={18} strokeWidth={1.75} />
      <p>{children}</p>
    </div>
  );
}
