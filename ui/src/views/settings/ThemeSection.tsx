/** Colour themes as they look, and the way for others to come in. */
import { Check, Trash2 } from "lucide-react";
import { type CSSProperties, type DragEvent, useId, useState } from "react";
import { Button } from "react-aria-components";

import { ANSI_NAMES, contrastReport, isDark, type Theme } from "../../model/themes/colours";
import { IMPORT_LIMIT, importThemes } from "../../model/themes/importTheme";
import { strings } from "../../strings";
import { isDarkNow } from "../../control/appearance";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";
import { IconButton } from "../IconButton";

const text = strings.settings.themes;

export function ThemeSection() {
  const controller = useController();
  const settings = useApp((state) => state.settings.settings);
  const own = useApp((state) => state.ownThemes);
  const key = isDarkNow(settings.appearance) ? "themeDark" : "themeLight";
  return (
    <>
      <p className="setting-description">{text.intro}</p>
      <ul className="theme-grid">
        {controller.settings.themes().map((theme) => (
          <li className="theme-card" key={theme.name}>
            <Button
              aria-label={text.use(theme.name)}
              aria-pressed={settings[key] === theme.name}
              className="theme-button"
              onPress={() => controller.settings.change(key, theme.name)}
            >
              <Sample theme={theme} />
              <span className="theme-label">
                <span className="theme-name">
                  {settings[key] === theme.name ? <Check aria-hidden size={14} strokeWidth={2.25} /> : null}
                  {theme.name}
                </span>
                <span className="theme-credit">{theme.credit ? text.by(theme.credit) : text.imported}</span>
              </span>
            </Button>
            {own.includes(theme) ? (
              <IconButton
                className="theme-remove"
                icon={Trash2}
                label={text.remove(theme.name)}
                onPress={() => void controller.settings.deleteTheme(theme.name)}
              />
            ) : null}
          </li>
        ))}
      </ul>
      <Import />
    </>
  );
}

/** A few words in a theme's colours; a picture, not text to read. */
function Sample({ theme: { colours } }: { readonly theme: Theme }) {
  const ink = (name: keyof typeof colours): CSSProperties => ({ color: colours[name] });
  return (
    <span
      aria-hidden
      className="theme-sample"
      style={{ background: colours.background, color: colours.foreground }}
    >
      <span>
        <span style={ink("green")}>ana@web-1</span> <span style={ink("blue")}>~</span> ls
        <span className="theme-cursor" style={{ background: colours.cursor }} />
      </span>
      <span className="theme-swatches">
        {ANSI_NAMES.map((name) => (
          <span key={name} style={{ background: colours[name] }} />
        ))}
      </span>
    </span>
  );
}

function Import() {
  const controller = useController();
  const [typed, setTyped] = useState("");
  const [fileName, setFileName] = useState("");
  const id = useId();
  const imported = typed.trim() === "" ? null : importThemes(typed, fileName);
  const read = async (file: File | undefined) => {
    if (!file) return;
    setFileName(file.name);
    // What is too long to be one is not read at all.
    setTyped(file.size > IMPORT_LIMIT ? " ".repeat(IMPORT_LIMIT) + "x" : await file.text());
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void read(event.dataTransfer.files[0]);
  };
  return (
    <div className="theme-import" onDrop={drop}>
      <h4>{text.importTitle}</h4>
      <p className="setting-description" id={id}>
        {text.importText}
      </p>
      <label className="button theme-file">
        {text.chooseFile}
        <input
          accept=".itermcolors,.json,.yaml,.yml,.plist"
          className="visually-hidden"
          data-testid={testIds.themeImportFile}
          onChange={({ target }) => {
            void read(target.files?.[0]);
            target.value = "";
          }}
          type="file"
        />
      </label>
      <textarea
        aria-describedby={id}
        aria-label={text.importLabel}
        className="input mono theme-text"
        data-testid={testIds.themeImportText}
        onChange={({ target }) => setTyped(target.value)}
        rows={3}
        spellCheck={false}
        value={typed.length > IMPORT_LIMIT ? "" : typed}
      />
      {imported && !imported.ok ? (
        <p className="field-problem" role="alert">
          {text.problems[imported.problem]}
        </p>
      ) : null}
      {imported?.ok
        ? imported.themes.map((theme) => (
            <Preview
              key={theme.name}
              onSave={() => {
                void controller.settings.saveTheme(theme).then((saved) => {
                  if (!saved) return;
                  controller.settings.change(isDark(theme.colours) ? "themeDark" : "themeLight", theme.name);
                  setTyped("");
                });
              }}
              theme={theme}
            />
          ))
        : null}
    </div>
  );
}

/** A theme before it is saved, with how well its colours can be read. */
function Preview({ theme, onSave }: { readonly theme: Theme; readonly onSave: () => void }) {
  const report = contrastReport(theme.colours);
  return (
    <div className="theme-preview">
      <Sample theme={theme} />
      <div>
        <p>
          <strong>{theme.name}</strong> {text.report(report.filter(({ grade }) => grade === "poor").length)}
        </p>
        <ul className="theme-report">
          {report.map(({ name, ratio, grade }) => (
            <li data-grade={grade} key={name}>
              <code>{name}</code> {text.contrast(ratio)} – {text.grades[grade]}
            </li>
          ))}
        </ul>
        <Button className="button primary" data-testid={testIds.themeImportSave} onPress={onSave}>
          {text.save(theme.name)}
        </Button>
      </div>
    </div>
  );
}
