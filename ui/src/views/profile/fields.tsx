/** The form's kinds of fields. */
import { ChevronDown, Plus, Trash2 } from "lucide-react";
import { type ReactNode, useId } from "react";
import {
  Button,
  ComboBox,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Text,
  TextArea,
  TextField,
} from "react-aria-components";

import type { AwsProfile } from "../../generated/AwsProfile";
import type { ParameterRow } from "../../model/profileForm";
import { strings } from "../../strings";
import { IconButton } from "../IconButton";

const text = strings.form;

export interface FieldProps {
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
  readonly readOnly?: boolean;
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

export function Field({
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
  readOnly,
}: FieldProps) {
  return (
    <TextField
      autoComplete="off"
      // Focus: the first field of a dialog that was just asked for
      autoFocus={autoFocus ?? false}
      className="field"
      isInvalid={problem !== null}
      isReadOnly={readOnly ?? false}
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

export interface Option {
  readonly id: string;
  /** What tells it from others, below its name. */
  readonly notes?: readonly string[];
  readonly bad?: boolean;
}

export function awsOption({ name, kind, account, region, detail }: AwsProfile): Option {
  const bad = kind === "broken";
  const notes = [strings.aws.kinds[kind], bad ? detail : account, bad ? null : region];
  return { id: name, notes: notes.filter((note) => note !== null), bad };
}

export interface ChoiceProps extends Omit<FieldProps, "mono" | "autoFocus"> {
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
  readOnly,
}: ChoiceProps) {
  return (
    <ComboBox
      allowsCustomValue
      allowsEmptyCollection={false}
      className="field"
      defaultItems={options}
      inputValue={value}
      isReadOnly={readOnly ?? false}
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
  readonly readOnly: boolean;
  readonly problem: string | null;
}

export function Parameters({ rows, onChange, problem, readOnly }: ParametersProps) {
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
            isReadOnly={readOnly}
            isInvalid={problem !== null && (row.key.trim() === "" || twice.has(row.key.trim()))}
            onChange={(key) => change(index, { key })}
            value={row.key}
          >
            <Input className="input mono" placeholder={text.parameterKeyPlaceholder} spellCheck="false" />
          </TextField>
          <TextField
            aria-label={text.parameterValues(index + 1)}
            isReadOnly={readOnly}
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
          {readOnly ? null : (
            <IconButton
              icon={Trash2}
              label={text.removeParameter(index + 1)}
              onPress={() => onChange(rows.toSpliced(index, 1))}
            />
          )}
        </div>
      ))}
      {rows.length === 0 ? null : (
        <p className={problem === null ? "field-help" : "field-problem"} id={id}>
          {problem ?? text.parametersHelp}
        </p>
      )}
      {readOnly ? null : (
        <Button className="link-button" onPress={() => onChange([...rows, { key: "", values: "" }])}>
          <Plus aria-hidden size={14} />
          {text.addParameter}
        </Button>
      )}
    </fieldset>
  );
}

/** A field of several lines. */
export function Lines({
  label,
  value,
  onChange,
  help,
  placeholder,
  problem,
  testId,
  mono,
  readOnly,
  rows,
}: FieldProps & { readonly rows: number }) {
  return (
    <TextField
      className="field"
      isInvalid={problem !== null}
      isReadOnly={readOnly ?? false}
      onChange={onChange}
      value={value}
    >
      <Label>{label}</Label>
      <TextArea
        className={mono ? "input lines mono" : "input lines"}
        data-testid={testId}
        placeholder={placeholder ?? ""}
        rows={Math.max(rows, Math.min(8, value.split("\n").length))}
        spellCheck={mono ? "false" : "true"}
      />
      <Below help={help} problem={problem} />
    </TextField>
  );
}
