import { Globe, LogIn } from "lucide-react";
import { useId, useRef, useState } from "react";
import { Button, Form, Input, Label, TextField } from "react-aria-components";

import { toHostError } from "../../host/host";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { Choice } from "../profile/fields";
import { useApp, useController } from "../context";

const text = strings.firstSignIn;

interface Props {
  /** Whether the form is there already. */
  readonly typing: boolean;
  readonly onTyping: (typing: boolean) => void;
  /** A sign-in of this label begins. */
  readonly onBegin: (label: string) => void;
}

/** The way to a sign-in that no file names yet: start URL and region, typed. */
export function FirstSignIn({ typing, onTyping, onBegin }: Props) {
  const open = useRef<HTMLButtonElement>(null);
  if (typing)
    return (
      <SignInForm
        onBegin={onBegin}
        onClose={() => {
          onTyping(false);
          // Its button comes back with the form's end, and the keyboard with it.
          setTimeout(() => open.current?.focus());
        }}
      />
    );
  return (
    <Button
      className="button keys-add"
      data-testid={testIds.firstSignInOpen}
      onPress={() => onTyping(true)}
      ref={open}
    >
      <LogIn aria-hidden size={15} strokeWidth={1.75} />
      {text.open}
    </Button>
  );
}

function SignInForm({
  onBegin,
  onClose,
}: {
  readonly onBegin: (label: string) => void;
  readonly onClose: () => void;
}) {
  const controller = useController();
  const regions = useApp((state) => state.aws?.regions ?? null);
  const ids = { lead: useId(), problem: useId() };
  const [startUrl, setStartUrl] = useState("");
  const [region, setRegion] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const begin = async (withCode: boolean) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      const label = await controller.firstSignIn.remember(startUrl, region);
      onBegin(label);
      // Whoever types one that is good already wants its accounts.
      if (!controller.firstSignIn.isSignedIn(label)) void controller.credentials.signIn(label, withCode);
    } catch (reason) {
      setProblem(toHostError(reason).message);
      setBusy(false);
    }
  };
  const incomplete = startUrl.trim() === "" || region.trim() === "";
  return (
    <Form
      aria-describedby={ids.lead}
      aria-label={text.open}
      autoComplete="off"
      className="keys-form"
      data-testid={testIds.firstSignInForm}
      onSubmit={(event) => {
        event.preventDefault();
        void begin(false);
      }}
      validationBehavior="aria"
    >
      <p className="first-sign-in-lead" id={ids.lead}>
        {text.lead}
      </p>
      <TextField
        autoComplete="off"
        // Focus: the first field of a form that was just asked for
        autoFocus
        className="field"
        onChange={setStartUrl}
        value={startUrl}
      >
        <Label>{text.startUrl}</Label>
        <Input
          autoCapitalize="off"
          className="input"
          data-testid={testIds.firstSignInUrl}
          inputMode="url"
          placeholder={text.startUrlPlaceholder}
          spellCheck="false"
        />
      </TextField>
      <Choice
        label={text.region}
        onChange={setRegion}
        options={regions?.map((id) => ({ id })) ?? []}
        placeholder={text.regionPlaceholder}
        problem={null}
        testId={testIds.firstSignInRegion}
        value={region}
      />
      {problem === null ? null : (
        <p className="form-failure" data-testid={testIds.firstSignInProblem} id={ids.problem} role="alert">
          {problem}
        </p>
      )}
      <div className="question-buttons">
        <Button
          {...(problem === null ? {} : { "aria-describedby": ids.problem })}
          className="button primary"
          data-testid={testIds.firstSignInBrowser}
          isDisabled={busy || incomplete}
          type="submit"
        >
          <Globe aria-hidden size={15} strokeWidth={1.75} />
          {text.browser}
        </Button>
        <Button
          className="button"
          data-testid={testIds.firstSignInCode}
          isDisabled={busy || incomplete}
          onPress={() => void begin(true)}
        >
          {text.code}
        </Button>
        <Button className="button" data-testid={testIds.firstSignInCancel} onPress={onClose}>
          {text.cancel}
        </Button>
      </div>
    </Form>
  );
}
