import { ChevronDown, ChevronRight, Star, TriangleAlert, Users } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { flushSync } from "react-dom";
import {
  Button,
  Dialog,
  Form,
  Heading,
  Label,
  Modal,
  ModalOverlay,
  RadioButton,
  RadioField,
  RadioGroup,
  ToggleButton,
} from "react-aria-components";

import type { FieldProblem } from "../../generated/FieldProblem";
import type { Profile } from "../../generated/Profile";
import type { ProfileDraft } from "../../generated/ProfileDraft";
import { toHostError } from "../../host/host";
import { profileList } from "../../model/appState";
import {
  checkForm,
  COLOURS,
  type CredentialChoice,
  draftFrom,
  EMPTY_FORM,
  ENVIRONMENTS,
  type FormField,
  type FormProblem,
  formFrom,
  type ProfileForm,
  type Section,
  SECTIONS,
} from "../../model/profileForm";
import { draftOf } from "../../model/profiles";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";
import { awsOption, Choice, Field, type FieldProps, Lines, Parameters } from "./fields";

const text = strings.form;

const MISSING: readonly FormProblem[] = ["nameMissing", "targetMissing", "parameterKeyMissing"];
const SECTION_NAMES = ["organise", "session", "terminal", "network"] as const satisfies readonly Section[];
const CREDENTIALS: readonly CredentialChoice[] = ["aws", "environment", "keyring"];

export function ProfileDialog({
  profile,
  folder,
  initial,
}: {
  readonly profile: Profile | null;
  /** What a new one begins with. */
  readonly initial: ProfileDraft | null;
  /** Where a new one goes. */
  readonly folder: string;
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
          <Heading slot="title">
            {profile ? (profile.origin.kind === "team" ? text.teamTitle : text.edit) : text.create}
          </Heading>
          <ProfileFields folder={folder} initial={initial} onClose={close} profile={profile} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** What is wrong with the form as it was last sent, until the field is changed. */
type Refused = ReadonlyMap<FormField, string>;

const isFilled = (form: ProfileForm, section: Section): boolean =>
  SECTIONS[section].some((field) => {
    const value = field === "credentials" ? "" : form[field];
    return value.length > 0;
  });

function ProfileFields({
  profile,
  folder,
  initial,
  onClose,
}: {
  readonly profile: Profile | null;
  readonly initial: ProfileDraft | null;
  readonly folder: string;
  readonly onClose: () => void;
}) {
  const controller = useController();
  const aws = useApp((state) => state.aws);
  const tree = useApp((state) => state.profileTree);
  const present = useApp((state) => profileList(state).find(({ id }) => id === profile?.id));
  /** What the form stands on: another program may have changed it by the time of saving. */
  const [base, setBase] = useState<ProfileDraft | null>(() => (profile ? draftOf(profile) : null));
  const [form, setForm] = useState<ProfileForm>(() =>
    profile ? formFrom(profile) : { ...(initial ? formFrom(initial) : EMPTY_FORM), folder },
  );
  const [touched, setTouched] = useState<ReadonlySet<FormField>>(() => new Set());
  const [refused, setRefused] = useState<Refused>(() => new Map());
  const [tried, setTried] = useState(false);
  const [open, setOpen] = useState<ReadonlySet<Section>>(
    () => new Set(SECTION_NAMES.filter((section) => section === "organise" || isFilled(form, section))),
  );
  const [more, setMore] = useState(() => SECTION_NAMES.some((section) => isFilled(form, section)));
  const [saving, setSaving] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [conflict, setConflict] = useState<{ readonly theirs: Profile | null } | null>(null);
  const team = profile?.origin.kind === "team" ? profile.origin : null;
  const [overriding, setOverriding] = useState(() => team === null || team.overridden.some(isValue));
  const readOnly = !overriding;
  const moreId = useId();

  const problems = checkForm(form);
  const set = (part: Partial<ProfileForm>) => {
    setForm((current) => ({ ...current, ...part }));
    setRefused((current) => {
      const left = [...current].filter(([field]) => !(field in part));
      return left.length === current.size ? current : new Map(left);
    });
  };
  const touch = (field: FormField) => (to: Element | null) => {
    // A message that appears while a button is being pressed would move the button from under the pointer.
    if (to?.matches("input, textarea") === true) setTouched((current) => new Set(current).add(field));
  };
  const problemOf = (field: FormField): string | null => {
    const problem = problems.get(field);
    if (problem === undefined) return refused.get(field) ?? null;
    // That a field is still empty is no problem before somebody wants to save.
    return tried || (touched.has(field) && !MISSING.includes(problem)) ? text.problems[problem] : null;
  };
  const reveal = (fields: readonly FormField[]) => {
    const sections = SECTION_NAMES.filter((section) =>
      SECTIONS[section].some((field) => fields.includes(field)),
    );
    if (sections.length === 0) return;
    setMore(true);
    setOpen((current) => new Set([...current, ...sections]));
  };
  const focusFirst = (element: HTMLElement) =>
    element.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();

  const refuse = (element: HTMLElement, found: readonly FieldProblem[]) => {
    flushSync(() => {
      setSaving(false);
      setRefused(new Map(found.map(({ field, message }) => [field, message])));
      reveal(found.map(({ field }) => field));
    });
    focusFirst(element);
  };

  const save = async (element: HTMLFormElement, on: ProfileDraft | null, id: string | null) => {
    if (problems.size > 0) {
      // At once, so that the first field in question is marked and can be focused.
      flushSync(() => {
        setTried(true);
        reveal([...problems.keys()]);
      });
      focusFirst(element);
      return;
    }
    setSaving(true);
    setFailure(null);
    try {
      const saved = await controller.profiles.save(id, draftFrom(form), on);
      switch (saved.kind) {
        case "saved":
          onClose();
          return;
        case "invalid":
          refuse(element, saved.problems);
          return;
        case "conflict":
          setConflict({ theirs: saved.theirs });
          setSaving(false);
          return;
      }
    } catch (reason) {
      setFailure(toHostError(reason).message);
      setSaving(false);
    }
  };

  /** What every field has, by its name. */
  const field = (
    name: Exclude<FormField, "parameters" | "credentials">,
    testId: string,
  ): Omit<FieldProps, "label"> => ({
    onBlur: touch(name),
    onChange: (value) => set({ [name]: value }),
    problem: problemOf(name),
    testId,
    value: form[name],
    readOnly,
  });

  const theirsIsNew =
    !conflict &&
    base !== null &&
    present !== undefined &&
    JSON.stringify(sorted(draftOf(present))) !== JSON.stringify(sorted(base));

  return (
    <Form
      className="form"
      data-environment={form.environment}
      data-testid={testIds.profileForm}
      onSubmit={(event) => {
        event.preventDefault();
        if (!readOnly) void save(event.currentTarget, base, profile?.id ?? null);
      }}
      validationBehavior="aria"
    >
      <div className="form-body">
        {team && profile ? (
          <TeamNote
            onOverride={() => setOverriding(true)}
            onClose={onClose}
            overriding={overriding}
            profile={profile}
          />
        ) : null}
        <Field
          {...field("name", testIds.fieldName)}
          autoFocus={!readOnly}
          label={text.name}
          placeholder={text.namePlaceholder}
        />
        <Field
          {...field("target", testIds.fieldTarget)}
          help={text.targetRules}
          label={text.target}
          mono
          placeholder={text.targetPlaceholder}
        />
        <CredentialKinds
          onChange={(credentials) => {
            set({ credentials });
            setRefused((current) => new Map([...current].filter(([name]) => name !== "credentials")));
          }}
          readOnly={readOnly}
          value={form.credentials}
        />
        <div className="form-pair">
          <CredentialValue
            form={form}
            options={aws?.profiles.map(awsOption) ?? []}
            problem={problemOf("awsProfile") ?? problemOf("credentials")}
            readOnly={readOnly}
            set={set}
          />
          <Choice
            {...field("region", testIds.fieldRegion)}
            help={text.regionHelp}
            label={text.region}
            options={aws?.regions.map((id) => ({ id })) ?? []}
            placeholder={text.regionPlaceholder}
          />
        </div>
        <div className="form-pair">
          <Field
            {...field("user", testIds.fieldUser)}
            label={text.user}
            mono
            placeholder={text.userPlaceholder}
          />
          <Field
            {...field("shell", testIds.fieldShell)}
            label={text.shell}
            mono
            placeholder={text.shellPlaceholder}
          />
        </div>
        <div className="form-pair">
          <Choice
            {...field("environment", testIds.fieldEnvironment)}
            {...(form.environment.trim() === "production" ? { help: text.productionHelp } : {})}
            label={text.environment}
            options={ENVIRONMENTS.map((id) => ({ id }))}
            placeholder={text.environmentPlaceholder}
          />
          <Colours onChange={(colour) => set({ colour })} readOnly={readOnly} value={form.colour} />
        </div>
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
        <div className="form-sections" hidden={!more} id={moreId}>
          <Part name="organise" open={open.has("organise")} setOpen={setOpen}>
            <div className="form-pair">
              <Choice
                {...field("folder", testIds.fieldFolder)}
                help={text.folderHelp}
                label={text.folder}
                options={tree.folders.map(({ path }) => ({ id: path }))}
                placeholder={text.folderPlaceholder}
              />
              <Field {...field("tags", testIds.fieldTags)} help={text.tagsHelp} label={text.tags} />
            </div>
            <Lines {...field("notes", testIds.fieldNotes)} label={text.notes} rows={3} />
            <ToggleButton
              className="button toggle"
              isDisabled={readOnly}
              isSelected={form.favourite}
              onChange={(favourite) => set({ favourite })}
            >
              <Star
                aria-hidden
                fill={form.favourite ? "currentColor" : "none"}
                size={14}
                strokeWidth={1.75}
              />
              {text.favourite}
            </ToggleButton>
          </Part>
          <Part name="session" open={open.has("session")} setOpen={setOpen}>
            <Field
              {...field("startupCommand", testIds.fieldStartup)}
              help={text.startupHelp}
              label={text.startupCommand}
              mono
            />
            <Field
              {...field("document", testIds.fieldDocument)}
              help={text.documentHelp}
              label={text.document}
              mono
              placeholder={text.documentPlaceholder}
            />
            <Parameters
              onChange={(parameters) => set({ parameters })}
              problem={problemOf("parameters")}
              readOnly={readOnly}
              rows={form.parameters}
            />
            <Field {...field("reason", testIds.fieldReason)} help={text.reasonHelp} label={text.reason} />
          </Part>
          <Part name="terminal" open={open.has("terminal")} setOpen={setOpen}>
            <div className="form-pair">
              <Field {...field("font", "field-font")} label={text.font} placeholder={text.asSettings} />
              <Field
                {...field("fontSize", "field-font-size")}
                label={text.fontSize}
                placeholder={text.asSettings}
              />
            </div>
            <div className="form-pair">
              <Field {...field("theme", "field-theme")} label={text.theme} placeholder={text.asSettings} />
              <Field
                {...field("scrollback", "field-scrollback")}
                label={text.scrollback}
                placeholder={text.asSettings}
              />
            </div>
          </Part>
          <Part name="network" open={open.has("network")} setOpen={setOpen}>
            <Field
              {...field("proxy", testIds.fieldProxy)}
              label={text.proxy}
              mono
              placeholder={text.proxyPlaceholder}
            />
            <Field
              {...field("noProxy", "field-no-proxy")}
              label={text.noProxy}
              mono
              placeholder={text.noProxyPlaceholder}
            />
            <Field
              {...field("caBundle", "field-ca-bundle")}
              help={text.caBundleHelp}
              label={text.caBundle}
              mono
              placeholder={text.asSystem}
            />
            <Lines
              {...field("endpoints", "field-endpoints")}
              help={text.endpointsHelp}
              label={text.endpoints}
              mono
              rows={2}
            />
          </Part>
        </div>
      </div>
      {conflict || theirsIsNew ? (
        <div className="form-conflict" data-testid={testIds.formConflict} role="alert">
          <TriangleAlert aria-hidden size={16} strokeWidth={1.75} />
          <p>
            {!conflict
              ? text.changedWhileOpen
              : conflict.theirs
                ? text.conflict(tree.file)
                : text.deletedElsewhere}
          </p>
          {conflict?.theirs !== null && (conflict?.theirs ?? present) ? (
            <Button
              className="button"
              data-testid={testIds.formTakeTheirs}
              onPress={() => {
                const theirs = conflict?.theirs ?? present;
                if (!theirs) return;
                setForm(formFrom(theirs));
                setBase(draftOf(theirs));
                setConflict(null);
              }}
            >
              {text.takeTheirs}
            </Button>
          ) : null}
          {conflict ? (
            <Button
              className="button"
              data-testid={testIds.formKeepMine}
              onPress={(press) => {
                const element = press.target.closest("form");
                const { theirs } = conflict;
                setConflict(null);
                if (theirs) setBase(draftOf(theirs));
                if (element) void save(element, theirs ? draftOf(theirs) : null, theirs?.id ?? null);
              }}
            >
              {text.keepMine}
            </Button>
          ) : null}
        </div>
      ) : null}
      <div className="dialog-actions">
        {failure === null ? null : (
          <p className="form-failure" data-testid={testIds.formError} role="alert">
            {failure}
          </p>
        )}
        <Button className="button" data-testid={testIds.formCancel} onPress={onClose}>
          {readOnly ? text.close : text.cancel}
        </Button>
        {readOnly ? null : (
          <Button className="button primary" data-testid={testIds.formSave} isDisabled={saving} type="submit">
            {saving ? text.saving : text.save}
          </Button>
        )}
      </div>
    </Form>
  );
}

/** Whether a member of a team's profile is a value of the form, and not a person's own order. */
const isValue = (member: string): boolean => member !== "favourite" && member !== "folder";

const sorted = (draft: ProfileDraft) =>
  Object.entries(draft).sort(([one], [other]) => (one < other ? -1 : 1));

/** A part of the form that opens and closes. */
function Part({
  name,
  open,
  setOpen,
  children,
}: {
  readonly name: Section;
  readonly open: boolean;
  readonly setOpen: (change: (current: ReadonlySet<Section>) => ReadonlySet<Section>) => void;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section className="form-part" data-section={name} data-testid={testIds.formSection}>
      <h3>
        <Button
          aria-controls={id}
          aria-expanded={open}
          className="form-part-head"
          onPress={() =>
            setOpen((current) =>
              current.has(name)
                ? new Set([...current].filter((each) => each !== name))
                : new Set([...current, name]),
            )
          }
        >
          {open ? <ChevronDown aria-hidden size={14} /> : <ChevronRight aria-hidden size={14} />}
          {text.sections[name]}
        </Button>
      </h3>
      <div className="form-section" hidden={!open} id={id}>
        {children}
      </div>
    </section>
  );
}

function Colours({
  value,
  onChange,
  readOnly,
}: {
  readonly value: ProfileForm["colour"];
  readonly onChange: (colour: ProfileForm["colour"]) => void;
  readonly readOnly: boolean;
}) {
  return (
    <RadioGroup
      className="field"
      isReadOnly={readOnly}
      onChange={(chosen) => {
        const colour = COLOURS.find((each) => each === chosen);
        if (colour) onChange(colour);
      }}
      orientation="horizontal"
      value={value}
    >
      <Label>
        {text.colour} <span className="swatch-name">{text.colours[value]}</span>
      </Label>
      <div className="swatches">
        {COLOURS.map((colour) => (
          <RadioField key={colour} value={colour}>
            <RadioButton className="swatch" data-colour={colour}>
              <span className="visually-hidden">{text.colours[colour]}</span>
            </RadioButton>
          </RadioField>
        ))}
      </div>
    </RadioGroup>
  );
}

/** Where the credentials come from. */
function CredentialKinds({
  value,
  onChange,
  readOnly,
}: {
  readonly value: CredentialChoice;
  readonly onChange: (value: CredentialChoice) => void;
  readonly readOnly: boolean;
}) {
  return (
    <RadioGroup
      className="field"
      isReadOnly={readOnly}
      onChange={(chosen) => {
        const credentials = CREDENTIALS.find((each) => each === chosen);
        if (credentials) onChange(credentials);
      }}
      orientation="horizontal"
      value={value}
    >
      <Label>{text.credentials}</Label>
      <div className="segments">
        {CREDENTIALS.map((each) => (
          <RadioField key={each} value={each}>
            <RadioButton className="segment">{text.credentialKinds[each]}</RadioButton>
          </RadioField>
        ))}
      </div>
    </RadioGroup>
  );
}

/** Which of them. */
function CredentialValue({
  form,
  set,
  options,
  problem,
  readOnly,
}: {
  readonly form: ProfileForm;
  readonly set: (part: Partial<ProfileForm>) => void;
  readonly options: ReturnType<typeof awsOption>[];
  readonly problem: string | null;
  readonly readOnly: boolean;
}) {
  switch (form.credentials) {
    case "aws":
      return (
        <Choice
          help={text.awsProfileHelp}
          label={text.awsProfile}
          onChange={(awsProfile) => set({ awsProfile })}
          options={options}
          placeholder={text.awsProfilePlaceholder}
          problem={problem}
          readOnly={readOnly}
          testId={testIds.fieldAwsProfile}
          value={form.awsProfile}
        />
      );
    case "keyring":
      return (
        <Field
          help={text.keyringHelp}
          label={text.keyringEntry}
          onChange={(keyringEntry) => set({ keyringEntry })}
          placeholder={text.keyringPlaceholder}
          problem={problem}
          readOnly={readOnly}
          testId={testIds.fieldKeyring}
          value={form.keyringEntry}
        />
      );
    case "environment":
      return (
        <div className="field">
          <span className="field-help">{text.environmentCredentialsHelp}</span>
        </div>
      );
  }
}

/** Whose the profile is, and what can be done with it. */
function TeamNote({
  profile,
  overriding,
  onOverride,
  onClose,
}: {
  readonly profile: Profile;
  readonly overriding: boolean;
  readonly onOverride: () => void;
  readonly onClose: () => void;
}) {
  const controller = useController();
  if (profile.origin.kind !== "team") return null;
  const { team, file, overridden } = profile.origin;
  return (
    <div className="form-team" data-testid={testIds.formTeam}>
      <Users aria-hidden size={16} strokeWidth={1.75} />
      <div>
        <p>{text.teamNote(team, file)}</p>
        {overridden.length > 0 ? <p>{text.teamChanged(overridden)}</p> : null}
        {overriding ? <p>{text.overrideNote}</p> : null}
        <div className="form-team-actions">
          {overriding ? null : (
            <Button className="button" data-testid={testIds.formOverride} onPress={onOverride}>
              {text.override}
            </Button>
          )}
          <Button
            className="button"
            data-testid={testIds.formOwnCopy}
            onPress={() => {
              onClose();
              void controller.profiles.duplicate([profile]);
            }}
          >
            {text.ownCopy}
          </Button>
          {overridden.length > 0 ? (
            <Button
              className="button"
              onPress={() => {
                onClose();
                void controller.profiles.reset(profile);
              }}
            >
              {text.resetTeam}
            </Button>
          ) : null}
        </div>
      </div>
    </div>
  );
}
