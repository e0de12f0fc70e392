import { ChevronDown, ChevronRight, Plus, Trash2 } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { flushSync } from "react-dom";
import {
  Button,
  ComboBox,
  Dialog,
  FieldError,
  Form,
  Heading,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Modal,
  ModalOverlay,
  Popover,
  RadioButton,
  RadioField,
  RadioGroup,
  Text,
  TextArea,
  TextField,
} from "react-aria-components";

import type { AwsProfile } from "../generated/AwsProfile";
import type { Profile } from "../generated/Profile";
import type { ProfileDraft } from "../generated/ProfileDraft";
import { toHostError } from "../host/host";
import {
  checkForm,
  COLOURS,
  draftFrom,
  EMPTY_FORM,
  type FormField,
  type FormProblem,
  formFrom,
  type ParameterRow,
  type ProfileForm,
} from "../model/profileForm";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useApp, useController } from "./context";
import { IconButton } from "./IconButton";

const text = strings.form;

/** What the first look at the form leaves out. */
const FOLDED: readonly FormField[] = ["document", "parameters", "reason"];

const MISSING: readonly FormProblem[] = ["nameMissing", "targetMissing", "parameterKeyMissing"];

export function ProfileDialog({
  profile,
  initial,
}: {
  readonly profile: Profile | null;
  /** What a new one starts with. */
  readonly initial: ProfileDraft | null;
}) {
  const controller = useController();
  const close = () => controller.desk.closeDialog();
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Modal className="modal">
        <Dialog className="dialog">
          <Heading slot="title">{profile ? text.edit : text.create}</Heading>
          <Fields initial={initial} onClose={close} profile={profile} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Fields({
  profile,
  initial,
  onClose,
}: {
  readonly profile: Profile | null;
  readonly initial: ProfileDraft | null;
  readonly onClose: () => void;
}) {
  const controller = useController();
  const aws = useApp((state) => state.aws);
  const [form, setForm] = useState<ProfileForm>(() => {
    const start = profile ?? initial;
    return start ? formFrom(start) : EMPTY_FORM;
  });
  const [touched, setTouched] = useState<ReadonlySet<FormField>>(() => new Set());
  const [tried, setTried] = useState(false);
  const [more, setMore] = useState(
    () => form.document !== "" || form.reason !== "" || form.parameters.length > 0,
  );
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const moreId = useId();

  const problems = checkForm(form);
  const set = (part: Partial<ProfileForm>) => setForm((current) => ({ ...current, ...part }));
  const touch = (field: FormField) => (to: Element | null) => {
    // A message that appears while a button is being pressed would move the button from under the pointer.
    if (to?.matches("input, textarea") === true) setTouched((current) => new Set(current).add(field));
  };
  const problemOf = (field: FormField): string | null => {
    const problem = problems.get(field);
    if (problem === undefined) return null;
    // That a field is still empty is no problem before somebody wants to save.
    return tried || (touched.has(field) && !MISSING.includes(problem)) ? text.problems[problem] : null;
  };

  const save = async (element: HTMLFormElement) => {
    if (problems.size > 0) {
      // At once, so that the first field in question is marked and can be focused.
      flushSync(() => {
        setTried(true);
        if (FOLDED.some((field) => problems.has(field))) setMore(true);
      });
      element.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
      return;
    }
    setSaving(true);
    setFailure(null);
    try {
      await controller.profiles.save(profile?.id ?? null, draftFrom(form));
      onClose();
    } catch (reason) {
      setFailure(toHostError(reason).message);
      setSaving(false);
    }
  };

  return (
    <Form
      className="form"
      data-testid={testIds.profileForm}
      onSubmit={(event) => {
        event.preventDefault();
        void save(event.currentTarget);
      }}
      validationBehavior="aria"
    >
      <div className="form-body">
        <Field
          autoFocus
          label={text.name}
          onBlur={touch("name")}
          onChange={(name) => set({ name })}
          placeholder={text.namePlaceholder}
          problem={problemOf("name")}
          testId={testIds.fieldName}
          value={form.name}
        />
        <Field
          help={text.targetHelp}
          label={text.target}
          mono
          onBlur={touch("target")}
          onChange={(target) => set({ target })}
          placeholder={text.targetPlaceholder}
          problem={problemOf("target")}
          testId={testIds.fieldTarget}
          value={form.target}
        />
        <div className="form-pair">
          <Choice
            help={text.awsProfileHelp}
            label={text.awsProfile}
            onChange={(awsProfile) => set({ awsProfile })}
            options={aws?.profiles.map(awsOption) ?? []}
            placeholder={text.awsProfilePlaceholder}
            problem={null}
            testId={testIds.fieldAwsProfile}
            value={form.awsProfile}
          />
          <Choice
            help={text.regionHelp}
            label={text.region}
            onBlur={touch("region")}
            onChange={(region) => set({ region })}
            options={aws?.regions.map((id) => ({ id })) ?? []}
            placeholder={text.regionPlaceholder}
            problem={problemOf("region")}
            testId={testIds.fieldRegion}
            value={form.region}
          />
        </div>
        <RadioGroup
          className="field"
          onChange={(value) => {
            const colour = COLOURS.find((each) => each === value);
            if (colour) set({ colour });
          }}
          orientation="horizontal"
          value={form.colour}
        >
          <Label>{text.colour}</Label>
          <div className="swatches">
            {COLOURS.map((colour) => (
              <RadioField key={colour} value={colour}>
                <RadioButton className="swatch" data-colour={colour}>
                  <span className="visually-hidden">{text.colours[colour]}</span>
                </RadioButton>
              </RadioField>
            ))}
            <span className="swatch-name">{text.colours[form.colour]}</span>
          </div>
        </RadioGroup>

        <Button
          aria-controls={moreId}
          aria-expanded={more}
          className="link-button form-more"
          data-testid={testIds.formMore}
          onPress={() => setMore(!more)}
        >
          {more ? <ChevronDown aria-hidden size={14} /> : <ChevronRight aria-hidden size={14} />}
          {text.more}
        </Button>
        <div className="form-section" hidden={!more} id={moreId}>
          <Field
            help={text.documentHelp}
            label={text.document}
            mono
            onBlur={touch("document")}
            onChange={(document) => set({ document })}
            placeholder={text.documentPlaceholder}
            problem={problemOf("document")}
            testId={testIds.fieldDocument}
            value={form.document}
          />
          <Parameters
            onChange={(parameters) => set({ parameters })}
            problem={problemOf("parameters")}
            rows={form.parameters}
          />
          <Field
            help={text.reasonHelp}
            label={text.reason}
            onBlur={touch("reason")}
            onChange={(reason) => set({ reason })}
            problem={problemOf("reason")}
            testId={testIds.fieldReason}
            value={form.reason}
          />
        </div>
      </div>
      <div className="dialog-actions">
        {failure === null ? null : (
          <p className="form-failure" data-testid={testIds.formError} role="alert">
            {failure}
          </p>
        )}
        <Button className="button" data-testid={testIds.formCancel} onPress={onClose}>
          {text.cancel}
        </Button>
        <Button className="button primary" data-testid={testIds.formSave} isDisabled={saving} type="submit">
          {saving ? text.saving : text.save}
        </Button>
      </div>
    </Form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Told where the focus goes. */
  readonly onBlur?: (to: Element | null) => void;
  readonly placeholder?: string;
  readonly help?: string;
  readonly problem: string | null;
  readonly testId: string;
  readonly mono?: boolean;
  readonly autoFocus?: boolean;
}

/** The help stands below the field; where something is wrong, what is wrong takes its place. */
function Below({
  help,
  problem,
}: {
  readonly help: string | undefined;
  readonly problem: string | null;
}): ReactNode {
  if (problem !== null) return <FieldError className="field-problem">{problem}</FieldError>;
  return help === undefined ? null : (
    <Text className="field-help" slot="description">
      {help}
    </Text>
  );
}

function Field({
  label,
  value,
  onChange,
  onBlur,
  placeholder,
  help,
  problem,
  testId,
  mono,
  autoFocus,
}: FieldProps) {
  return (
    <TextField
      autoComplete="off"
      // Focus: the first field of a dialog that was just asked for
      autoFocus={autoFocus ?? false}
      className="field"
      isInvalid={problem !== null}
      onChange={onChange}
      value={value}
      {...(onBlur ? { onBlur: ({ relatedTarget }) => onBlur(relatedTarget) } : {})}
    >
      <Label>{label}</Label>
      <Input
        autoCapitalize="off"
        autoCorrect="off"
        className={mono ? "input mono" : "input"}
        data-testid={testId}
        placeholder={placeholder ?? ""}
        spellCheck="false"
      />
      <Below help={help} problem={problem} />
    </TextField>
  );
}

interface Option {
  readonly id: string;
  /** What tells it from others, below its name. */
  readonly notes?: readonly string[];
  readonly bad?: boolean;
}

function awsOption({ name, kind, account, region, detail }: AwsProfile): Option {
  const bad = kind === "broken";
  const notes = [strings.aws.kinds[kind], bad ? detail : account, bad ? null : region];
  return { id: name, notes: notes.filter((note) => note !== null), bad };
}

interface ChoiceProps extends Omit<FieldProps, "mono" | "autoFocus"> {
  readonly options: readonly Option[];
}

/** A field with choices that takes anything else too. */
export function Choice({
  label,
  value,
  onChange,
  onBlur,
  placeholder,
  help,
  problem,
  testId,
  options,
}: ChoiceProps) {
  return (
    <ComboBox
      allowsCustomValue
      allowsEmptyCollection={false}
      className="field"
      defaultItems={options}
      inputValue={value}
      isInvalid={problem !== null}
      menuTrigger="input"
      onInputChange={onChange}
      {...(onBlur ? { onBlur: ({ relatedTarget }) => onBlur(relatedTarget) } : {})}
    >
      <Label>{label}</Label>
      <div className="combo">
        <Input
          autoCapitalize="off"
          autoCorrect="off"
          className="input"
          data-testid={testId}
          placeholder={placeholder ?? ""}
          spellCheck="false"
        />
        <Button aria-label={text.showOptions(label)} className="combo-button">
          <ChevronDown aria-hidden size={16} strokeWidth={1.75} />
        </Button>
      </div>
      <Below help={help} problem={problem} />
      <Popover className="popover combo-popover" offset={4}>
        <ListBox<Option> className="menu">
          {({ id, notes, bad }) => (
            <ListBoxItem className="menu-item" id={id} textValue={id}>
              {notes ? (
                <span className="choice">
                  <span className="choice-name">{id}</span>{" "}
                  <span className="choice-notes" data-bad={bad}>
                    {notes.join(" · ")}
                  </span>
                </span>
              ) : (
                id
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}

interface ParametersProps {
  readonly rows: readonly ParameterRow[];
  readonly onChange: (rows: readonly ParameterRow[]) => void;
  readonly problem: string | null;
}

function Parameters({ rows, onChange, problem }: ParametersProps) {
  const id = useId();
  const keys = rows.map(({ key }) => key.trim());
  const twice = new Set(keys.filter((key, index) => keys.indexOf(key) < index));
  const change = (index: number, part: Partial<ParameterRow>) => {
    const row = rows[index];
    if (row) onChange(rows.with(index, { ...row, ...part }));
  };
  return (
    <fieldset {...(rows.length === 0 ? {} : { "aria-describedby": id })} className="field parameters">
      <legend>{text.parameters}</legend>
      {rows.map((row, index) => (
        // The key is the place: rows have no identity but their place
        <div className="parameter" key={index}>
          <TextField
            aria-label={text.parameterKey(index + 1)}
            isInvalid={problem !== null && (row.key.trim() === "" || twice.has(row.key.trim()))}
            onChange={(key) => change(index, { key })}
            value={row.key}
          >
            <Input className="input mono" placeholder={text.parameterKeyPlaceholder} spellCheck="false" />
          </TextField>
          <TextField
            aria-label={text.parameterValues(index + 1)}
            onChange={(values) => change(index, { values })}
            value={row.values}
          >
            <TextArea
              className="input mono"
              placeholder={text.parameterValuePlaceholder}
              rows={Math.min(4, row.values.split("\n").length)}
              spellCheck="false"
            />
          </TextField>
          <IconButton
            icon={Trash2}
            label={text.removeParameter(index + 1)}
            onPress={() => onChange(rows.toSpliced(index, 1))}
          />
        </div>
      ))}
      {rows.length === 0 ? null : (
        <p className={problem === null ? "field-help" : "field-problem"} id={id}>
          {problem ?? text.parametersHelp}
        </p>
      )}
      <Button className="link-button" onPress={() => onChange([...rows, { key: "", values: "" }])}>
        <Plus aria-hidden size={14} />
        {text.addParameter}
      </Button>
    </fieldset>
  );
}
