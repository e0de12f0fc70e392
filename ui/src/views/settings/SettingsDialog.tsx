/** All settings on one page that can be searched; each holds as soon as it is changed. */
import { FileText, Search, TriangleAlert, X } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { Button, Dialog, Heading, Input, Modal, ModalOverlay, SearchField } from "react-aria-components";

import { ACTIONS } from "../../model/actions";
import { matchesSearch, SETTING_SPECS, type SectionId, type SettingSpec } from "../../model/settings";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";
import { IconButton } from "../IconButton";
import { KeySection } from "./KeySection";
import { SettingRow } from "./SettingRow";
import { ThemeSection } from "./ThemeSection";

const text = strings.settings;
const SECTIONS = Object.entries(text.sections) as readonly (readonly [SectionId, string])[];

/** `initial` is what is looked for at first. */
export function SettingsDialog({ initial }: { readonly initial: string }) {
  const controller = useController();
  const close = () => controller.desk.closeDialog();
  const [typed, setTyped] = useState(initial);
  const body = useRef<HTMLDivElement>(null);
  const shown = SECTIONS.map(([id, name]) => ({
    id,
    name,
    content: contentOf(id, name, typed.trim()),
  })).filter(({ content }) => content !== null);
  const goTo = (id: SectionId) => {
    const section = body.current?.querySelector<HTMLElement>(`[data-section="${id}"]`);
    section?.scrollIntoView({ block: "start" });
    section?.focus({ preventScroll: true });
  };
  return (
    <ModalOverlay
      className="overlay settings-overlay"
      isOpen
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Modal className="modal settings-modal">
        <Dialog className="dialog settings" data-testid={testIds.settingsDialog}>
          <header className="settings-head">
            <Heading slot="title">{text.title}</Heading>
            <SearchField
              aria-label={text.search}
              // Whoever opens this looks for something.
              autoFocus
              className="settings-search"
              onChange={setTyped}
              onKeyDown={(event) => {
                // The first Escape empties it, the next one closes the page.
                if (event.key !== "Escape" || typed === "") event.continuePropagation();
              }}
              value={typed}
            >
              <Search aria-hidden size={15} strokeWidth={1.75} />
              <Input data-testid={testIds.settingsSearch} placeholder={text.search} />
            </SearchField>
            <Button
              className="button"
              data-testid={testIds.settingsOpenFile}
              onPress={() => void controller.settings.openFile()}
            >
              <FileText aria-hidden size={15} strokeWidth={1.75} />
              <span className="settings-file-label">{text.openFile}</span>
            </Button>
            <IconButton icon={X} label={text.close} onPress={close} testId={testIds.settingsClose} />
          </header>
          <div className="settings-columns">
            <nav aria-label={text.nav} className="settings-nav">
              {shown.map(({ id, name }) => (
                <Button className="settings-nav-item" key={id} onPress={() => goTo(id)}>
                  {name}
                </Button>
              ))}
            </nav>
            <div aria-label={text.title} className="settings-body" ref={body} role="group" tabIndex={0}>
              <Problems />
              {shown.map(({ id, name, content }) => (
                <section
                  aria-label={name}
                  className="settings-section"
                  data-section={id}
                  key={id}
                  tabIndex={-1}
                >
                  <h3>{name}</h3>
                  {content}
                </section>
              ))}
              {shown.length === 0 ? (
                <p className="settings-none" role="status">
                  {text.noMatch(typed)}
                </p>
              ) : null}
            </div>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** What of a section there is to see while so much is typed, or null. */
function contentOf(id: SectionId, name: string, typed: string): ReactNode {
  if (id === "themes") {
    const matches = matchesSearch(
      typed,
      name,
      text.themes.intro,
      text.themes.importTitle,
      text.themes.importText,
    );
    return matches ? <ThemeSection /> : null;
  }
  if (id === "keys") {
    const all = matchesSearch(typed, name, ...text.keyEditor.preset);
    const some = ACTIONS.filter((action) => all || matchesSearch(typed, name, action.name));
    return some.length > 0 ? <KeySection actions={some} whole={all} /> : null;
  }
  const specs = SETTING_SPECS.filter(
    ({ section, key }) => section === id && matchesSearch(typed, name, key, ...text.items[key]),
  );
  return specs.length > 0
    ? specs.map((spec: SettingSpec) => <SettingRow key={spec.key} spec={spec} />)
    : null;
}

function Problems() {
  const { problems, path, readOnly } = useApp((state) => state.settings);
  if (problems.length === 0 && readOnly === null) return null;
  return (
    <div className="settings-problems" role="alert">
      <TriangleAlert aria-hidden size={18} strokeWidth={1.75} />
      <div>
        <p>
          <strong>{text.problems}</strong> <code>{path}</code>
        </p>
        <ul>
          {problems.map(({ line, message }) => (
            <li data-testid={testIds.settingsProblem} key={`${line ?? ""} ${message}`}>
              {line === null ? null : <strong>{text.place(line)} </strong>}
              {message}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
