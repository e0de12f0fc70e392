/** The palette: one field over everything that the window has and can do. */
import { AppWindow, CornerDownLeft, Plus, Search, Settings2, Terminal, Zap } from "lucide-react";
import {
  Fragment,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";

import { profileList } from "../../model/appState";
import { actionFor } from "../../model/bindings";
import { type Findings, type Found, type Group, isForActions, PaletteSearch } from "../../model/palette";
import { sessionOf, tabById } from "../../model/tabs";
import { strings } from "../../strings";
import { keyPress } from "../../terminal/keys";
import { testIds } from "../../testIds";
import type { Place } from "../../control/paletteControl";
import { useApp, useController } from "../context";
import { TabMark } from "../panes/TabMark";
import { EnvironmentBadge } from "../profile/ProfileMarks";

const text = strings.palette;
const LIST = "palette-list";
const optionId = (id: string) => `palette-${id}`;
/** What PageUp and PageDown go by where the list cannot be measured. */
const PAGE = 8;

const placeOf = ({ shiftKey, ctrlKey, metaKey }: KeyboardEvent | MouseEvent): Place =>
  shiftKey ? "right" : ctrlKey || metaKey ? "background" : "tab";

export function PaletteDialog({ initial }: { readonly initial: string }) {
  const controller = useController();
  const profiles = useApp(profileList);
  // Not what goes on in them, which may be a lot.
  const tabs = useApp((state) => [state.tabs.active, ...state.tabs.list.map(({ id }) => id)].join(" "));
  // As they were when the palette was opened: nothing moves while somebody looks.
  const [{ recent, opened }] = useState(() => {
    const state = controller.store.state();
    return { recent: state.recent, opened: state.profileTree.recents.map(({ id }) => id) };
  });
  const search = useMemo(
    () => new PaletteSearch(controller.palette.entries(), recent, opened),
    // What entries are made of.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [controller, recent, opened, profiles, tabs],
  );
  const [typed, setTyped] = useState(initial);
  const [at, setAt] = useState(0);
  const [said, setSaid] = useState("");
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => controller.palette.lend(), [controller]);

  const findings = useMemo(() => search.find(typed), [search, typed]);
  const rows = findings.groups.flatMap(({ found }) => found);
  const index = Math.min(at, rows.length - 1);
  const chosen = rows[index];

  const change = (next: string) => {
    setTyped(next);
    setAt(0);
    setSaid("");
    list.current?.scrollTo({ top: 0 });
  };
  const choose = ({ entry }: Found, place: Place) => {
    if (controller.palette.choose(entry, place) && entry.possible)
      setSaid(text.opened(entry.fields[0].folded.text));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    const go = (to: number) => setAt(Math.max(0, Math.min(rows.length - 1, to)));
    const action = actionFor(keyPress(event.nativeEvent), controller.mac)?.kind;
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (action === "showPalette") change(isForActions(typed) ? typed : `>${typed}`);
    else if (action === "quickConnect") change(isForActions(typed) ? typed.trimStart().slice(1) : typed);
    else if (event.key === "Enter") {
      if (chosen) choose(chosen, placeOf(event));
    } else if (!plain || rows.length === 0) return;
    else if (event.key === "ArrowDown") setAt((index + 1) % rows.length);
    else if (event.key === "ArrowUp") setAt((index - 1 + rows.length) % rows.length);
    else if (event.key === "PageDown") go(index + pageOf(list.current));
    else if (event.key === "PageUp") go(index - pageOf(list.current));
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(rows.length - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <ModalOverlay
      className="overlay overlay-top"
      isDismissable
      isOpen
      onOpenChange={(open) => {
        if (!open) controller.desk.closeDialog();
      }}
    >
      <Modal className="modal palette">
        <Dialog
          aria-label={isForActions(typed) ? text.show : text.connect}
          className="dialog"
          data-testid={testIds.palette}
        >
          <div className="palette-field">
            <Search aria-hidden size={17} strokeWidth={1.75} />
            <input
              aria-activedescendant={chosen ? optionId(chosen.entry.id) : undefined}
              aria-autocomplete="list"
              aria-controls={LIST}
              aria-expanded={rows.length > 0}
              aria-label={text.field}
              autoCapitalize="off"
              autoComplete="off"
              autoCorrect="off"
              autoFocus
              data-testid={testIds.paletteField}
              onChange={(event) => change(event.target.value)}
              onKeyDown={onKeyDown}
              placeholder={text.placeholder}
              role="combobox"
              spellCheck={false}
              value={typed}
            />
          </div>
          <div aria-label={text.results} className="palette-list" id={LIST} ref={list} role="listbox">
            {findings.groups.map((group) => (
              <GroupRows
                chosen={chosen}
                group={group}
                key={group.kind ?? "found"}
                onChoose={choose}
                onPoint={(found) => setAt(rows.indexOf(found))}
              />
            ))}
          </div>
          {rows.length === 0 ? (
            <div className="palette-none">
              <p>{text.none(typed.trim())}</p>
              <p>{text.noneHint}</p>
            </div>
          ) : null}
          <Foot chosen={chosen} findings={findings} mac={controller.mac} said={said} shown={rows.length} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** How many rows there is room for, less one, by which one finds one's way. */
function pageOf(list: HTMLElement | null): number {
  const row = list?.querySelector<HTMLElement>("[role=option]")?.offsetHeight ?? 0;
  return list && row > 0 ? Math.max(1, Math.floor(list.clientHeight / row) - 1) : PAGE;
}

interface RowsProps {
  readonly group: Group;
  readonly chosen: Found | undefined;
  readonly onChoose: (found: Found, place: Place) => void;
  readonly onPoint: (found: Found) => void;
}

function GroupRows({ group: { kind, found }, chosen, onChoose, onPoint }: RowsProps) {
  const rows = found.map((each) => (
    <Row
      found={each}
      isChosen={each === chosen}
      key={each.entry.id}
      onChoose={onChoose}
      onPoint={onPoint}
      showKind={kind === null || kind === "recent"}
    />
  ));
  if (kind === null) return rows;
  return (
    <div aria-label={text.kinds[kind]} className="palette-group" role="group">
      <div aria-hidden className="palette-heading">
        {text.kinds[kind]}
      </div>
      {rows}
    </div>
  );
}

interface RowProps {
  readonly found: Found;
  readonly isChosen: boolean;
  readonly showKind: boolean;
  readonly onChoose: (found: Found, place: Place) => void;
  readonly onPoint: (found: Found) => void;
}

function Row({ found, isChosen, showKind, onChoose, onPoint }: RowProps) {
  const { entry, name, behind } = found;
  return (
    <div
      aria-disabled={entry.possible ? undefined : true}
      aria-selected={isChosen}
      className="palette-item"
      data-chosen={isChosen || undefined}
      data-id={entry.id}
      data-kind={entry.kind}
      data-testid={testIds.paletteItem}
      id={optionId(entry.id)}
      onClick={(event) => onChoose(found, placeOf(event))}
      // The field keeps the keyboard.
      onMouseDown={(event) => event.preventDefault()}
      // Not when the list moves under a pointer that rests.
      onMouseMove={(event) => {
        if (!isChosen && (event.movementX !== 0 || event.movementY !== 0)) onPoint(found);
      }}
      ref={(element) => {
        if (isChosen) reveal(element);
      }}
      role="option"
    >
      <Mark found={found} />
      <span className="palette-words">
        <bdi className="palette-name">
          <Marked parts={name} />
        </bdi>
        {behind.length > 0 ? (
          <span className="palette-behind">
            {behind.map((each, index) => (
              // The key is the place: parts have no identity but their place
              <Fragment key={index}>
                {index > 0 ? <span aria-hidden> · </span> : " "}
                <bdi>
                  <Marked parts={each} />
                </bdi>
              </Fragment>
            ))}
          </span>
        ) : null}
      </span>
      <Environment found={found} />
      {entry.possible ? null : <span className="palette-kind">{text.notNow}</span>}
      {entry.chord === "" ? null : <kbd>{entry.chord}</kbd>}
      {showKind && entry.kind !== "action" && entry.kind !== "target" ? (
        <span className="palette-kind">{text.kind[entry.kind]}</span>
      ) : null}
    </div>
  );
}

/** Into view, and the heading above it too where it is the first. */
function reveal(element: HTMLElement | null): void {
  const before = element?.previousElementSibling;
  if (before?.matches(".palette-heading")) before.scrollIntoView({ block: "nearest" });
  element?.scrollIntoView({ block: "nearest" });
}

function Marked({ parts }: { readonly parts: readonly string[] }) {
  return parts.map((part, index) =>
    // The key is the place: parts have no identity but their place
    index % 2 === 1 ? <mark key={index}>{part}</mark> : <Fragment key={index}>{part}</Fragment>,
  );
}

function Mark({ found: { entry } }: { readonly found: Found }): ReactNode {
  const { does } = entry;
  const tab = useApp((state) => (does.kind === "tab" ? tabById(state.tabs, does.tab) : undefined));
  switch (does.kind) {
    case "profile":
      return (
        <span aria-hidden className="profile-mark" data-colour={does.profile.colour}>
          {does.profile.builtIn ? <Terminal size={13} strokeWidth={2} /> : null}
        </span>
      );
    case "tab":
      return (
        <span className="palette-mark">
          {tab ? <TabMark tab={tab} /> : <AppWindow aria-hidden size={15} />}
        </span>
      );
    default: {
      const Icon = does.kind === "target" ? Plus : does.kind === "setting" ? Settings2 : Zap;
      return (
        <span aria-hidden className="palette-mark">
          <Icon size={15} strokeWidth={1.75} />
        </span>
      );
    }
  }
}

/** What kind of place a connection or a tab leads to. */
function Environment({ found: { entry } }: { readonly found: Found }) {
  const { does } = entry;
  const profile = useApp((state) =>
    does.kind === "profile"
      ? does.profile
      : does.kind === "tab"
        ? (sessionOf(tabById(state.tabs, does.tab))?.profile ?? null)
        : null,
  );
  return <EnvironmentBadge environment={profile?.environment ?? null} />;
}

interface FootProps {
  readonly findings: Findings;
  readonly shown: number;
  readonly chosen: Found | undefined;
  readonly said: string;
  readonly mac: boolean;
}

/** How many there are, and what the keys do with the chosen one. */
function Foot({ findings: { total }, shown, chosen, said, mac }: FootProps) {
  const keys = [
    ["", text.enter],
    ["Shift+", text.split],
    [mac ? "Cmd+" : "Ctrl+", text.background],
  ] as const;
  const kind = chosen?.entry.kind;
  const some = kind === "profile" ? keys : [["", kind === "action" ? text.run : text.enter] as const];
  return (
    <footer className="palette-foot">
      <span className="palette-count" data-testid={testIds.paletteCount} role="status">
        {said === "" ? text.count(shown, total) : said}
      </span>
      {chosen?.entry.possible ? (
        <span aria-hidden className="palette-keys">
          {some.map(([modifier, does]) => (
            <span key={does}>
              <kbd>
                {modifier}
                <CornerDownLeft size={11} strokeWidth={2} />
              </kbd>{" "}
              {does}
            </span>
          ))}
        </span>
      ) : null}
    </footer>
  );
}
