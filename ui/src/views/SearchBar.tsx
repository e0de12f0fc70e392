import { ArrowDown, ArrowUp, X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Input, TextField, ToggleButton } from "react-aria-components";

import type { TabId } from "../model/tabs";
import { strings } from "../strings";
import type { SearchStatus, TerminalSearch } from "../terminal/search";
import type { SearchQuery } from "../terminal/searchQuery";
import { testIds } from "../testIds";
import { useController } from "./context";
import { IconButton } from "./IconButton";

/** What was looked for last, in any pane. */
let last: SearchQuery = { text: "", regularExpression: false, matchCase: false, wholeWord: false };

/** Looks through one terminal. Escape gives the keyboard back to it. */
export function SearchBar({ id }: { readonly id: TabId }) {
  const controller = useController();
  const [query, setQuery] = useState(last);
  const [status, setStatus] = useState<SearchStatus | null>(null);
  const search = useRef<TerminalSearch | null>(null);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const terminal = controller.terminals.terminalOf(id);
    search.current = terminal?.startSearch(setStatus) ?? null;
    field.current?.focus();
    field.current?.select();
    return () => {
      search.current = null;
      terminal?.endSearch();
    };
  }, [controller, id]);

  useEffect(() => {
    last = query;
    search.current?.search(query);
  }, [query]);

  const close = () => {
    controller.terminals.panes.change(id, { searching: false });
    controller.terminals.terminalOf(id)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const again = event.key === "F3" || (event.metaKey && event.key.toLowerCase() === "g");
    if (event.key === "Escape") close();
    else if (again || (event.key === "Enter" && event.target === field.current))
      search.current?.step(event.shiftKey ? 1 : -1);
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f") field.current?.select();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const problem = status?.problem ?? null;
  return (
    <div
      aria-label={strings.terminal.findLabel}
      className="search-bar"
      data-testid={testIds.searchBar}
      onKeyDown={onKeyDown}
      role="search"
    >
      <TextField
        aria-label={strings.terminal.findLabel}
        className="search-text"
        isInvalid={problem !== null}
        onChange={(text) => setQuery({ ...query, text })}
        value={query.text}
      >
        <Input className="input" data-testid={testIds.searchField} ref={field} spellCheck={false} />
      </TextField>
      <Toggle
        label={strings.terminal.matchCase}
        on={query.matchCase}
        set={(matchCase) => setQuery({ ...query, matchCase })}
        testId={testIds.searchCase}
      >
        Aa
      </Toggle>
      <Toggle
        label={strings.terminal.wholeWord}
        on={query.wholeWord}
        set={(wholeWord) => setQuery({ ...query, wholeWord })}
        testId={testIds.searchWord}
      >
        <u>ab</u>
      </Toggle>
      <Toggle
        label={strings.terminal.regularExpression}
        on={query.regularExpression}
        set={(regularExpression) => setQuery({ ...query, regularExpression })}
        testId={testIds.searchRegex}
      >
        .*
      </Toggle>
      <span aria-live="polite" className="search-count" data-testid={testIds.searchCount} role="status">
        {said(query, status)}
      </span>
      <IconButton icon={ArrowUp} label={strings.terminal.previous} onPress={() => search.current?.step(-1)} />
      <IconButton icon={ArrowDown} label={strings.terminal.next} onPress={() => search.current?.step(1)} />
      <IconButton icon={X} label={strings.terminal.closeFind} onPress={close} />
    </div>
  );
}

function said({ text }: SearchQuery, status: SearchStatus | null): string {
  if (text === "" || !status) return "";
  const { problem, count, current, more, searching } = status;
  if (problem?.kind === "endless") return strings.terminal.endless;
  if (problem) return strings.terminal.invalid(problem.message);
  if (count > 0) return strings.terminal.count(current, count, more);
  return searching ? strings.terminal.searching : strings.terminal.none;
}

function Toggle({
  label,
  on,
  set,
  testId,
  children,
}: {
  readonly label: string;
  readonly on: boolean;
  readonly set: (on: boolean) => void;
  readonly testId: string;
  readonly children: ReactNode;
}) {
  return (
    <ToggleButton
      aria-label={label}
      className="search-toggle"
      data-testid={testId}
      isSelected={on}
      onChange={set}
    >
      {children}
    </ToggleButton>
  );
}
