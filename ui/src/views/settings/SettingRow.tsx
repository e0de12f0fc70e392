/** One setting: its name, what it does, its control, and the way back to its default. */
import { ChevronDown, RotateCcw } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { Button, ComboBox, Input, ListBox, ListBoxItem, Popover } from "react-aria-components";

import { type Control, isChanged, type SettingSpec, type SettingValue, valueAt } from "../../model/settings";
import { isDark } from "../../model/themes/colours";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";
import { IconButton } from "../IconButton";

const text = strings.settings;

/** A value as a field holds it. */
const plain = (value: SettingValue): string => (typeof value === "object" ? "" : String(value));

interface FieldProps {
  readonly labelId: string;
  readonly describedBy: string;
  readonly value: SettingValue;
  readonly onChange: (value: SettingValue) => void;
}

export function SettingRow({ spec: { key, control } }: { readonly spec: SettingSpec }) {
  const controller = useController();
  const state = useApp((each) => each.settings);
  const id = useId();
  const [name, description] = text.items[key];
  const changed = isChanged(state, key);
  return (
    <div
      className="setting"
      data-changed={changed ? "" : undefined}
      data-key={key}
      data-testid={testIds.settingRow}
    >
      <div className="setting-words">
        <p className="setting-name" id={`${id}-name`}>
          {name}
          {changed ? <span className="visually-hidden"> ({text.changed})</span> : null}
        </p>
        <p className="setting-description" id={`${id}-description`}>
          {description}
        </p>
      </div>
      <div className="setting-control">
        <Field
          control={control}
          describedBy={`${id}-description`}
          labelId={`${id}-name`}
          onChange={(value) => controller.settings.change(key, value)}
          settingKey={key}
          value={valueAt(state.settings, key)}
        />
        <span className="setting-reset">
          {changed ? (
            <IconButton
              icon={RotateCcw}
              label={text.reset(name)}
              onPress={() => controller.settings.change(key, null)}
              testId={testIds.settingReset}
            />
          ) : null}
        </span>
      </div>
    </div>
  );
}

function Field({ control, settingKey, ...props }: FieldProps & { control: Control; settingKey: string }) {
  switch (control.kind) {
    case "switch":
      return <Switch {...props} />;
    case "number":
      return <NumberField {...props} control={control} />;
    case "choice":
      return <Choice {...props} choices={control.choices} />;
    case "text":
      return <TextField {...props} max={control.max} />;
    case "theme":
      return <ThemeChoice {...props} dark={settingKey === "themeDark"} />;
    case "font":
      return <FontField {...props} />;
  }
}

function Switch({ labelId, describedBy, value, onChange }: FieldProps) {
  return (
    <input
      aria-describedby={describedBy}
      aria-labelledby={labelId}
      checked={value === true}
      className="switch"
      data-testid={testIds.settingControl}
      onChange={(event) => onChange(event.target.checked)}
      role="switch"
      type="checkbox"
    />
  );
}

/** What is typed, until it is given up; what comes from elsewhere takes its place. */
function useTyped(value: string) {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setTyped(value);
  }
  return [typed, setTyped] as const;
}

function NumberField({
  labelId,
  describedBy,
  value,
  onChange,
  control: { min, max, step },
}: FieldProps & { control: Extract<Control, { kind: "number" }> }) {
  const [typed, setTyped] = useTyped(plain(value));
  const [bad, setBad] = useState(false);
  const problemId = useId();
  const take = (next: string) => {
    setTyped(next);
    const number = Number(next);
    const good =
      next.trim() !== "" && number >= min && number <= max && (step % 1 !== 0 || Number.isInteger(number));
    setBad(!good);
    if (good && number !== value) onChange(number);
  };
  return (
    <div className="setting-stack">
      <input
        aria-describedby={bad ? `${describedBy} ${problemId}` : describedBy}
        aria-invalid={bad}
        aria-labelledby={labelId}
        className="input setting-number"
        data-testid={testIds.settingControl}
        max={max}
        min={min}
        onBlur={() => {
          setTyped(plain(value));
          setBad(false);
        }}
        onChange={(event) => take(event.target.value)}
        step={step}
        type="number"
        value={typed}
      />
      {bad ? (
        <p className="field-problem" id={problemId} role="alert">
          {text.outOfRange(min, max)}
        </p>
      ) : null}
    </div>
  );
}

function Choice({
  labelId,
  describedBy,
  value,
  onChange,
  choices,
}: FieldProps & { choices: readonly (readonly [string, string])[] }) {
  return (
    <select
      aria-describedby={describedBy}
      aria-labelledby={labelId}
      className="input setting-select"
      data-testid={testIds.settingControl}
      onChange={(event) => onChange(event.target.value)}
      value={plain(value)}
    >
      {choices.some(([each]) => each === value) ? null : <option value={plain(value)}>{plain(value)}</option>}
      {choices.map(([each, label]) => (
        <option key={each} value={each}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** Those that fit come first. */
function ThemeChoice({ dark, ...props }: FieldProps & { dark: boolean }) {
  const controller = useController();
  useApp((state) => state.ownThemes);
  const themes = controller.settings.themes();
  const fitting = themes.filter(({ colours }) => isDark(colours) === dark);
  const others = themes.filter(({ colours }) => isDark(colours) !== dark);
  return <Choice {...props} choices={[...fitting, ...others].map(({ name }) => [name, name])} />;
}

function TextField({ labelId, describedBy, value, onChange, max }: FieldProps & { max: number }) {
  const [typed, setTyped] = useTyped(plain(value));
  const bad = typed === "";
  const problemId = useId();
  return (
    <div className="setting-stack">
      <input
        aria-describedby={bad ? `${describedBy} ${problemId}` : describedBy}
        aria-invalid={bad}
        aria-labelledby={labelId}
        className="input mono setting-text"
        data-testid={testIds.settingControl}
        maxLength={max}
        onBlur={() => setTyped(plain(value))}
        onChange={({ target }) => {
          setTyped(target.value);
          if (target.value !== "") onChange(target.value);
        }}
        spellCheck={false}
        type="text"
        value={typed}
      />
      {bad ? (
        <p className="field-problem" id={problemId} role="alert">
          {text.needsText}
        </p>
      ) : null}
    </div>
  );
}

const BUNDLED = "";

/** Fonts of this computer, each drawn in itself. */
function FontField({ labelId, describedBy, value, onChange }: FieldProps) {
  const controller = useController();
  const [fonts, setFonts] = useState<readonly string[]>([]);
  useEffect(() => {
    let current = true;
    controller.desk.host
      .systemFonts()
      .then((found) => {
        if (current) setFonts(found);
      })
      // A name can still be typed.
      .catch((reason: unknown) => controller.desk.showError(reason));
    return () => {
      current = false;
    };
  }, [controller]);
  const [typed, setTyped] = useTyped(typeof value === "string" ? value : text.bundledFont);
  const items = [
    { id: BUNDLED, name: text.bundledFont, family: "JetBrains Mono" },
    ...fonts.map((name) => ({ id: name, name, family: name })),
  ];
  const take = (name: string) => {
    const chosen = name.trim();
    onChange(chosen === "" || chosen === text.bundledFont ? null : chosen);
  };
  return (
    <ComboBox
      allowsCustomValue
      aria-describedby={describedBy}
      aria-labelledby={labelId}
      className="setting-font"
      defaultItems={items}
      inputValue={typed}
      menuTrigger="manual"
      onBlur={() => take(typed)}
      onInputChange={setTyped}
      onKeyDown={(event) => {
        if (event.key === "Enter") take(typed);
      }}
      onChange={(key) => {
        if (key !== null) take(String(key));
      }}
    >
      <div className="combo">
        <Input
          className="input"
          data-testid={testIds.settingControl}
          spellCheck="false"
          style={{
            fontFamily: `"${(typeof value === "string" ? value : "JetBrains Mono").replace(/["\\]/g, "")}", monospace`,
          }}
        />
        <Button aria-label={text.showFonts} className="combo-button">
          <ChevronDown aria-hidden size={16} strokeWidth={1.75} />
        </Button>
      </div>
      <Popover className="popover combo-popover" offset={4}>
        <ListBox<(typeof items)[number]> className="menu">
          {({ id, name, family }) => (
            <ListBoxItem className="menu-item" id={id} textValue={name}>
              <span style={{ fontFamily: `"${family.replace(/["\\]/g, "")}", monospace` }}>{name}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
