import { KeyRound, TriangleAlert } from "lucide-react";
import { type Ref, useEffect, useId, useRef, useState } from "react";
import { Button, Form, Input, Label, TextField } from "react-aria-components";

import type { StoredKey } from "../../generated/StoredKey";
import { toHostError } from "../../host/host";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { Ask } from "../Questions";
import { useApp, useController } from "../context";

const text = strings.keys;

/** Keys that the person typed: which there are, where they are kept, and how to add, replace and delete some. */
export function KeysSection() {
  const controller = useController();
  const stored = useApp((state) => state.storedKeys);
  /** What the form is for: new keys, or others of a name. */
  const [editing, setEditing] = useState<{ readonly replaces: string | null } | null>(null);
  const [deleting, setDeleting] = useState<string | null>(null);
  const [looking, setLooking] = useState(false);
  const add = useRef<HTMLButtonElement>(null);

  useEffect(() => void controller.keys.load(), [controller]);

  const look = (what: Promise<void>) => {
    setLooking(true);
    void what.finally(() => setLooking(false));
  };
  const close = () => {
    setEditing(null);
    // Its button comes back with the form's end, and the keyboard with it, unless something is asked.
    setTimeout(() => {
      if (document.activeElement?.closest("button") === null) add.current?.focus();
    });
  };

  return (
    <section aria-label={text.title} className="aws-section" data-testid={testIds.keysSection}>
      <h3>{text.title}</h3>
      {!stored?.waiting ? null : (
        <Waiting
          look={look}
          looking={looking}
          name={stored.waiting}
          trouble={stored.trouble?.message ?? null}
        />
      )}
      {stored?.trouble && stored.waiting === null ? (
        <div
          className="question-problem"
          data-kind={stored.trouble.kind}
          data-testid={testIds.keysTrouble}
          role="status"
        >
          <TriangleAlert aria-hidden size={18} strokeWidth={1.75} />
          <div>
            <p>
              <strong>{stored.trouble.message}</strong>
            </p>
            <p>{stored.trouble.remedy}</p>
          </div>
          <Button
            className="button"
            data-testid={testIds.keysRetry}
            isDisabled={looking}
            onPress={() => look(controller.keys.load())}
          >
            {looking ? text.looking : stored.trouble.kind === "locked" ? text.unlock : text.retry}
          </Button>
        </div>
      ) : null}
      {stored === null ? (
        <p role="status">{text.looking}</p>
      ) : stored.keys.length === 0 ? (
        <p>{text.none}</p>
      ) : (
        <ul className="aws-sign-ins">
          {stored.keys.map((key) => (
            <Row
              key={key.name}
              onDelete={() => setDeleting(key.name)}
              onReplace={() => setEditing({ replaces: key.name })}
              stored={key}
            />
          ))}
        </ul>
      )}
      {editing ? (
        <KeysForm key={editing.replaces ?? ""} onClose={close} replaces={editing.replaces} />
      ) : (
        <Button
          className="button keys-add"
          data-testid={testIds.keysAdd}
          onPress={() => setEditing({ replaces: null })}
          ref={add}
        >
          <KeyRound aria-hidden size={15} strokeWidth={1.75} />
          {text.add}
        </Button>
      )}
      {deleting === null ? null : (
        <Ask
          danger
          no={text.deleteNo}
          noTestId={testIds.keysDeleteNo}
          onAnswer={(yes) => {
            setDeleting(null);
            if (yes) look(controller.keys.delete(deleting));
          }}
          testId={testIds.keysDeleteDialog}
          title={text.deleteTitle(deleting)}
          yes={text.delete}
          yesTestId={testIds.keysDeleteYes}
        >
          <p>{text.deleteText(deleting)}</p>
        </Ask>
      )}
    </section>
  );
}

interface RowProps {
  readonly stored: StoredKey;
  readonly onReplace: () => void;
  readonly onDelete: () => void;
}

function Row({ stored: { name, accessKeyId, onlyForThisRun }, onReplace, onDelete }: RowProps) {
  return (
    <li className="aws-sign-in" data-name={name} data-run={onlyForThisRun} data-testid={testIds.keysRow}>
      <div>
        <p className="aws-name">{name}</p>
        <p className="aws-detail">
          <code>{text.shortId(accessKeyId)}</code> · {onlyForThisRun ? text.thisRun : text.inKeyring}
        </p>
      </div>
      <Button
        aria-label={text.replaceOf(name)}
        className="button"
        data-testid={testIds.keysReplace}
        onPress={onReplace}
      >
        {text.replace}
      </Button>
      <Button
        aria-label={text.deleteOf(name)}
        className="button"
        data-testid={testIds.keysDelete}
        onPress={onDelete}
      >
        {text.delete}
      </Button>
    </li>
  );
}

interface WaitingProps {
  readonly name: string;
  readonly trouble: string | null;
  readonly looking: boolean;
  readonly look: (what: Promise<void>) => void;
}

/** Keys that were typed and that the keyring did not take. Nobody types them again. */
function Waiting({ name, trouble, looking, look }: WaitingProps) {
  const controller = useController();
  return (
    <div className="question-problem" data-testid={testIds.keysWaiting} role="alert">
      <TriangleAlert aria-hidden size={18} strokeWidth={1.75} />
      <div className="keys-waiting">
        <p>
          <strong>{text.notKept(name)}</strong> {trouble}
        </p>
        <p>{text.notKeptHelp}</p>
        <div className="question-buttons">
          <Button
            // Focus: what the keys that were just typed wait for
            autoFocus
            className="button primary"
            data-testid={testIds.keysThisRun}
            isDisabled={looking}
            onPress={() => look(controller.keys.keepWaiting(true))}
          >
            {text.keepForThisRun}
          </Button>
          <Button
            className="button"
            data-testid={testIds.keysTryAgain}
            isDisabled={looking}
            onPress={() => look(controller.keys.keepWaiting(false))}
          >
            {looking ? text.looking : text.tryKeyring}
          </Button>
          <Button
            className="button"
            data-testid={testIds.keysDrop}
            isDisabled={looking}
            onPress={() => look(controller.keys.dropWaiting())}
          >
            {text.drop}
          </Button>
        </div>
      </div>
    </div>
  );
}

interface FormProps {
  readonly replaces: string | null;
  readonly onClose: () => void;
}

/** Takes keys. The secret ones are in the inputs only, and gone from there with their sending. */
function KeysForm({ replaces, onClose }: FormProps) {
  const controller = useController();
  const problemId = useId();
  const secret = useRef<HTMLInputElement>(null);
  const token = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(replaces ?? "");
  const [accessKeyId, setAccessKeyId] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const take = (field: HTMLInputElement | null): string => {
    const value = field?.value ?? "";
    if (field) field.value = "";
    return value;
  };
  const keep = async () => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await controller.keys.keep({
        name,
        accessKeyId,
        secretAccessKey: take(secret.current),
        sessionToken: take(token.current) || null,
        replace: replaces !== null,
      });
      onClose();
    } catch (reason) {
      const error = toHostError(reason);
      // What the keyring did not take waits, and what can be done about it stands above.
      if (error.code === "credentials") onClose();
      else {
        setProblem(error.message);
        setBusy(false);
      }
    }
  };

  return (
    <Form
      aria-label={replaces === null ? text.add : text.replaceOf(replaces)}
      autoComplete="off"
      className="keys-form"
      data-testid={testIds.keysForm}
      onSubmit={(event) => {
        event.preventDefault();
        void keep();
      }}
      validationBehavior="aria"
    >
      <TextField
        autoComplete="off"
        // Focus: the first field of a form that was just asked for
        autoFocus={replaces === null}
        className="field"
        isReadOnly={replaces !== null}
        onChange={setName}
        value={name}
      >
        <Label>{text.name}</Label>
        <Input className="input" data-testid={testIds.keysName} spellCheck="false" />
      </TextField>
      <TextField
        autoComplete="off"
        // Focus: as above, where the name stands already
        autoFocus={replaces !== null}
        className="field"
        onChange={setAccessKeyId}
        value={accessKeyId}
      >
        <Label>{text.accessKeyId}</Label>
        <Input autoCapitalize="off" className="input mono" data-testid={testIds.keysId} spellCheck="false" />
      </TextField>
      <Secret label={text.secret} ref={secret} testId={testIds.keysSecret} />
      <Secret label={text.token} ref={token} testId={testIds.keysToken} />
      {problem === null ? null : (
        <p className="form-failure" data-testid={testIds.keysProblem} id={problemId} role="alert">
          {problem} {text.again}
        </p>
      )}
      <div className="question-buttons">
        <Button
          {...(problem === null ? {} : { "aria-describedby": problemId })}
          className="button primary"
          data-testid={testIds.keysSave}
          isDisabled={busy || name.trim() === ""}
          type="submit"
        >
          {busy ? text.keeping : text.keep}
        </Button>
        <Button className="button" data-testid={testIds.keysCancel} onPress={onClose}>
          {text.cancel}
        </Button>
      </div>
    </Form>
  );
}

interface SecretProps {
  readonly label: string;
  readonly testId: string;
  readonly ref: Ref<HTMLInputElement>;
}

/** An input that nobody but itself remembers: no state of the page ever has its value. */
function Secret({ label, testId, ref }: SecretProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <Input
        autoCapitalize="off"
        autoComplete="off"
        className="input mono"
        data-testid={testId}
        id={id}
        ref={ref}
        spellCheck="false"
        type="password"
      />
    </div>
  );
}
