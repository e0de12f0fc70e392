import { useEffect, useId, useState } from "react";
import { Button, FieldError, Form, Heading, Input, Label, TextField } from "react-aria-components";

import type { AddedLines } from "../../generated/AddedLines";
import type { NewAwsProfiles } from "../../generated/NewAwsProfiles";
import type { SignIn } from "../../generated/SignIn";
import { toHostError } from "../../host/host";
import { type Choice as Chosen, nameProblem, wantedProfiles } from "../../model/firstSignIn";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { Choice } from "../profile/fields";
import { useApp, useController } from "../context";

const text = strings.firstSignIn;
const NONE: readonly never[] = [];

interface Props {
  readonly signIn: SignIn;
  readonly choices: readonly Chosen[];
  readonly onChoices: (choices: readonly Chosen[]) => void;
  readonly onBack: () => void;
}

/** What the lines would be, or why there are none; `of` is what they were asked for. */
interface Seen {
  readonly of: string;
  readonly lines: AddedLines | null;
  readonly problem: string | null;
}

/** Names and a region for what was chosen, and exactly the lines that would be added for it. */
export function NewAwsProfilesStep({ signIn, choices, onChoices, onBack }: Props) {
  const controller = useController();
  const regions = useApp((state) => state.aws?.regions ?? NONE);
  const profiles = useApp((state) => state.aws?.profiles ?? NONE);
  const [region, setRegion] = useState(signIn.region);
  const [seen, setSeen] = useState<Seen | null>(null);
  /** How often the lines have had to be looked at anew. */
  const [looks, setLooks] = useState(0);
  const [adding, setAdding] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const linesId = useId();

  const there = new Set(profiles.map(({ name }) => name));
  const problems = choices.map((_, index) => nameProblem(choices, index, there));
  const isFit = problems.every((problem) => problem === null) && region.trim() !== "";
  const wanted = JSON.stringify({
    session: signIn.label,
    region,
    profiles: wantedProfiles(choices),
  } satisfies NewAwsProfiles);

  useEffect(() => {
    if (!isFit) return;
    let current = true;
    controller.firstSignIn.preview(JSON.parse(wanted) as NewAwsProfiles).then(
      (lines) => current && setSeen({ of: wanted, lines, problem: null }),
      (reason: unknown) =>
        current && setSeen({ of: wanted, lines: null, problem: toHostError(reason).message }),
    );
    return () => {
      current = false;
    };
  }, [controller, wanted, isFit, looks]);

  // Nobody adds lines that are not those that are shown.
  const lines = isFit && seen?.of === wanted ? seen.lines : null;
  const add = async () => {
    if (!lines || adding) return;
    setAdding(true);
    setFailure(null);
    try {
      await controller.firstSignIn.add(JSON.parse(wanted) as NewAwsProfiles, lines);
    } catch (reason) {
      setFailure(toHostError(reason).message);
      // What is in the file may have changed.
      setSeen(null);
      setLooks(looks + 1);
      setAdding(false);
    }
  };
  const told = failure ?? (isFit && seen?.of === wanted ? seen.problem : null);
  const shown = seen?.lines ?? null;
  return (
    <Form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
      validationBehavior="aria"
    >
      <Heading slot="title">{text.addTitle}</Heading>
      <div className="dialog-body sso-body">
        <p>{text.addLead}</p>
        {choices.map(({ account, role, name }, index) => {
          const problem = problems[index] ?? null;
          return (
            <TextField
              autoComplete="off"
              // Focus: the first field of a step that was just asked for
              autoFocus={index === 0}
              className="field"
              isInvalid={problem !== null}
              key={`${account.id}/${role}`}
              onChange={(typed) => onChoices(choices.with(index, { account, role, name: typed }))}
              value={name}
            >
              <Label>{text.name(role, account.name ?? account.id)}</Label>
              <Input
                autoCapitalize="off"
                className="input mono"
                data-testid={testIds.ssoName}
                spellCheck="false"
              />
              {problem === null ? null : (
                <FieldError className="field-problem">{text.problems[problem]}</FieldError>
              )}
            </TextField>
          );
        })}
        <div className="sso-region">
          <Choice
            label={text.profileRegion}
            onChange={setRegion}
            options={regions.map((id) => ({ id }))}
            placeholder={text.regionPlaceholder}
            problem={null}
            testId={testIds.ssoRegion}
            value={region}
          />
        </div>
        {shown === null ? null : (
          <section aria-labelledby={linesId} className="sso-lines-section" data-old={lines === null}>
            <p id={linesId}>
              <strong>{shown.isNew ? text.linesNew(shown.file) : text.lines(shown.file)}</strong>{" "}
              {shown.isNew ? null : text.linesSafe}
            </p>
            {/* Focus: whoever reads by keyboard must be able to scroll it. */}
            <pre
              aria-labelledby={linesId}
              className="sso-lines"
              data-testid={testIds.ssoLines}
              role="group"
              tabIndex={0}
            >
              {shown.lines}
            </pre>
          </section>
        )}
      </div>
      <div className="dialog-actions">
        <p className="form-failure" data-testid={testIds.firstSignInProblem} role="alert">
          {told}
        </p>
        <Button className="button" data-testid={testIds.ssoBack} onPress={onBack}>
          {text.back}
        </Button>
        <Button
          className="button primary"
          data-testid={testIds.ssoAdd}
          isDisabled={lines === null || adding}
          type="submit"
        >
          {adding ? text.adding : text.add(choices.length)}
        </Button>
      </div>
    </Form>
  );
}
