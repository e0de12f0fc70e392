import { ChevronRight, Search, TriangleAlert } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { Button, Disclosure, DisclosurePanel, Heading, Input } from "react-aria-components";

import type { SignIn } from "../../generated/SignIn";
import type { SsoAccount } from "../../generated/SsoAccount";
import { toHostError } from "../../host/host";
import { type Choice, matchingAccounts, proposedName, sameRole } from "../../model/firstSignIn";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";
import { NewAwsProfilesStep } from "./NewAwsProfilesStep";

const text = strings.firstSignIn;
const NONE: readonly never[] = [];

/** What there is, on its way or why not. */
type Loaded<T> =
  | { readonly kind: "loading" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "ready"; readonly value: T };

/** Loads at once, and again when asked to. */
function useLoaded<T>(load: () => Promise<T>): readonly [Loaded<T>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<T>>({ kind: "loading" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    load().then(
      (value) => current && setLoaded({ kind: "ready", value }),
      (reason: unknown) => current && setLoaded({ kind: "failed", message: toHostError(reason).message }),
    );
    return () => {
      current = false;
    };
  }, [load, attempt]);
  const again = () => {
    setLoaded({ kind: "loading" });
    setAttempt(attempt + 1);
  };
  return [loaded, again];
}

/** The accounts that a sign-in opens and the roles in them: some are chosen, and become AWS profiles. */
export function SsoAccounts({ signIn, onBack }: { readonly signIn: SignIn; readonly onBack: () => void }) {
  const controller = useController();
  const profiles = useApp((state) => state.aws?.profiles ?? NONE);
  const { label } = signIn;
  const [accounts, again] = useLoaded(
    useCallback(() => controller.firstSignIn.accounts(label), [controller, label]),
  );
  const [query, setQuery] = useState("");
  const [choices, setChoices] = useState<readonly Choice[]>([]);
  const [naming, setNaming] = useState(false);
  const search = useRef<HTMLInputElement>(null);

  // After the question that brought one here has given the keyboard back.
  useEffect(() => {
    if (naming) return;
    const timer = setTimeout(() => search.current?.focus(), 50);
    return () => clearTimeout(timer);
  }, [naming]);

  const toggle = (account: SsoAccount, role: string, on: boolean) =>
    setChoices((current) => {
      if (!on) return current.filter((each) => !sameRole(each, account, role));
      const taken = new Set([...profiles, ...current].map(({ name }) => name));
      return [...current, { account, role, name: proposedName(account, role, taken) }];
    });

  if (naming)
    return (
      <NewAwsProfilesStep
        choices={choices}
        onBack={() => setNaming(false)}
        onChoices={setChoices}
        signIn={signIn}
      />
    );
  const all = accounts.kind === "ready" ? accounts.value : NONE;
  const shown = matchingAccounts(all, query);
  return (
    <>
      <Heading slot="title">{text.chooseTitle(label)}</Heading>
      <div className="dialog-body sso-body">
        <p>{text.chooseLead}</p>
        <div className="sso-search">
          <Search aria-hidden size={15} strokeWidth={1.75} />
          <Input
            aria-label={text.search}
            className="input"
            data-testid={testIds.ssoSearch}
            onChange={({ currentTarget }) => setQuery(currentTarget.value)}
            placeholder={text.searchPlaceholder}
            ref={search}
            spellCheck="false"
            type="search"
            value={query}
          />
          <span className="sso-count" role="status">
            {accounts.kind === "ready" && all.length > 0 ? text.count(shown.length, all.length) : ""}
          </span>
        </div>
        <LoadedList again={again} loaded={accounts} loading={text.loading}>
          {all.length === 0 ? (
            <p>{text.none}</p>
          ) : shown.length === 0 ? (
            <p>{text.noMatch}</p>
          ) : (
            <ul className="sso-accounts">
              {shown.map((account) => (
                <Account
                  account={account}
                  choices={choices.filter((each) => each.account.id === account.id)}
                  // The only one needs no opening.
                  isOpen={all.length === 1}
                  key={account.id}
                  label={label}
                  onToggle={(role, on) => toggle(account, role, on)}
                />
              ))}
            </ul>
          )}
        </LoadedList>
      </div>
      <div className="dialog-actions">
        <Button className="button" data-testid={testIds.ssoBack} onPress={onBack}>
          {text.back}
        </Button>
        <Button
          className="button primary"
          data-testid={testIds.ssoNext}
          isDisabled={choices.length === 0}
          onPress={() => setNaming(true)}
        >
          {choices.length === 0 ? text.next : text.nextCount(choices.length)}
        </Button>
      </div>
    </>
  );
}

function LoadedList({
  loaded,
  loading,
  again,
  children,
}: {
  readonly loaded: Loaded<unknown>;
  readonly loading: string;
  readonly again: () => void;
  readonly children: ReactNode;
}) {
  switch (loaded.kind) {
    case "loading":
      return (
        <div className="question-busy">
          <span aria-hidden className="spinner" />
          <p role="status">{loading}</p>
        </div>
      );
    case "failed":
      return (
        <div className="question-problem" role="alert">
          <TriangleAlert aria-hidden size={18} strokeWidth={1.75} />
          <div>
            <p>{loaded.message}</p>
          </div>
          <Button className="button" data-testid={testIds.ssoRetry} onPress={again}>
            {text.retry}
          </Button>
        </div>
      );
    case "ready":
      return children;
  }
}

interface AccountProps {
  readonly label: string;
  readonly account: SsoAccount;
  readonly choices: readonly Choice[];
  readonly isOpen: boolean;
  readonly onToggle: (role: string, on: boolean) => void;
}

function Account({ label, account, choices, isOpen, onToggle }: AccountProps) {
  const { id, name, email } = account;
  const [open, setOpen] = useState(isOpen);
  return (
    <li data-id={id} data-testid={testIds.ssoAccount}>
      <Disclosure isExpanded={open} onExpandedChange={setOpen}>
        <Button className="sso-account" data-testid={testIds.ssoAccountToggle} slot="trigger">
          <ChevronRight aria-hidden className="sso-chevron" size={15} strokeWidth={1.75} />
          <span className="sso-account-text">
            <span className="sso-account-name">{name ?? text.unnamed}</span>{" "}
            <span className="aws-detail">
              <span className="aws-account">{id}</span>
              {email === null ? null : ` · ${email}`}
            </span>
          </span>
          {choices.length === 0 ? null : <span className="badge">{text.chosenHere(choices.length)}</span>}
        </Button>
        <DisclosurePanel>
          {/* Asked for when somebody wants to see them. */}
          {open ? <Roles account={account} choices={choices} label={label} onToggle={onToggle} /> : null}
        </DisclosurePanel>
      </Disclosure>
    </li>
  );
}

function Roles({ label, account, choices, onToggle }: Omit<AccountProps, "isOpen">) {
  const controller = useController();
  const [roles, again] = useLoaded(
    useCallback(() => controller.firstSignIn.roles(label, account.id), [controller, label, account.id]),
  );
  const all = roles.kind === "ready" ? roles.value : NONE;
  return (
    <div className="sso-roles">
      <LoadedList again={again} loaded={roles} loading={text.loadingRoles}>
        {all.length === 0 ? (
          <p>{text.noRoles}</p>
        ) : (
          <fieldset>
            <legend className="visually-hidden">{text.roles(account.name ?? account.id)}</legend>
            {all.map((role) => (
              <label className="sso-role" key={role}>
                <input
                  checked={choices.some((each) => sameRole(each, account, role))}
                  data-role={role}
                  data-testid={testIds.ssoRole}
                  onChange={({ currentTarget }) => onToggle(role, currentTarget.checked)}
                  type="checkbox"
                />
                {role}
              </label>
            ))}
          </fieldset>
        )}
      </LoadedList>
    </div>
  );
}
