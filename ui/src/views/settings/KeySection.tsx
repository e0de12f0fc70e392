/** Every action with its keys: set by pressing them, taken away, or given to the session. */
import { Plus, RotateCcw, Undo2, X } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";
import { Button } from "react-aria-components";

import type { ActionEntry, ActionGroup } from "../../model/actions";
import { type KeySettings, Keymap, SEND_TO_SESSION } from "../../model/bindings";
import { judgeChord, pressedChord } from "../../model/chords";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useApp, useController } from "../context";
import { IconButton } from "../IconButton";

const text = strings.settings.keyEditor;
const GROUPS = Object.entries(strings.actions.groups) as readonly (readonly [ActionGroup, string])[];

/** What became of the last key that was pressed. */
interface Told {
  readonly at: string;
  readonly message: string;
}

export function KeySection({
  actions,
  whole,
}: {
  readonly actions: readonly ActionEntry[];
  /** With everything that concerns no single action. */
  readonly whole: boolean;
}) {
  const controller = useController();
  const keys: KeySettings = useApp((state) => state.settings.settings.keys);
  const { mac } = controller;
  const map = new Keymap(keys, mac);
  const [capturing, setCapturing] = useState<string | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  const set = (overrides: KeySettings["overrides"]) =>
    controller.settings.change("keys.overrides", overrides);
  const without = (chord: string) =>
    Object.fromEntries(Object.entries(keys.overrides).filter(([each]) => each !== chord));

  const pressed = (at: string, chord: string) => {
    const entry = actions.find(({ id }) => id === at) ?? null;
    const judgement = judgeChord(chord, mac);
    if (entry && judgement?.refused) {
      setTold({ at, message: `${chord}: ${text.refused[judgement.concern]}` });
      return;
    }
    setCapturing(null);
    const before = map.bindingOf(chord);
    const parts = [
      before && before.entry.id !== at ? text.taken(chord, before.entry.name) : "",
      entry && judgement ? text.refused[judgement.concern] : "",
    ].filter(Boolean);
    setTold(parts.length > 0 ? { at, message: parts.join(" ") } : null);
    if (entry && before?.entry.id === entry.id) return;
    set({ ...without(chord), [chord]: entry?.id ?? SEND_TO_SESSION });
  };
  const remove = (chord: string, own: boolean) => {
    // What lies below the person's own would come back, so a default is given to the session instead.
    const below = new Keymap({ ...keys, overrides: without(chord) }, mac).bindingOf(chord);
    set(own && !below ? without(chord) : { ...without(chord), [chord]: SEND_TO_SESSION });
    setTold(null);
  };
  const capture = (at: string, label: string) =>
    capturing === at ? (
      <Capture onCancel={() => setCapturing(null)} onPressed={(chord) => pressed(at, chord)} />
    ) : (
      <IconButton
        icon={Plus}
        label={label}
        onPress={() => {
          setTold(null);
          setCapturing(at);
        }}
        testId={testIds.keyAdd}
      />
    );
  const note = (at: string) =>
    told?.at === at ? (
      <p className="key-note" role="alert">
        {told.message}
      </p>
    ) : null;

  return (
    <>
      {whole ? (
        <div className="setting">
          <div className="setting-words">
            <p className="setting-name" id="key-preset">
              {text.preset[0]}
            </p>
            <p className="setting-description">{text.preset[1]}</p>
          </div>
          <div className="setting-control">
            <select
              aria-labelledby="key-preset"
              className="input setting-select"
              onChange={({ target }) => controller.settings.change("keys.preset", target.value)}
              value={keys.preset}
            >
              {Object.entries(text.presets).map(([id, name]) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
            <Button
              className="button"
              isDisabled={Object.keys(keys.overrides).length === 0}
              onPress={() => controller.settings.change("keys.overrides", null)}
            >
              <RotateCcw aria-hidden size={14} strokeWidth={1.75} />
              {text.resetAll}
            </Button>
          </div>
        </div>
      ) : null}
      {GROUPS.map(([group, groupName]) => {
        const some = actions.filter((each) => each.group === group);
        return some.length === 0 ? null : (
          <div aria-label={text.group(groupName)} key={group} role="group">
            <h4>{groupName}</h4>
            <ul className="key-list">
              {some.map(({ id, name }) => {
                const bindings = map.bindingsOf(id);
                return (
                  <li className="key-row" data-action={id} data-testid={testIds.keyRow} key={id}>
                    <span className="key-name">{name}</span>
                    <span className="key-chords">
                      {bindings.length === 0 ? <span className="key-none">{text.none}</span> : null}
                      {bindings.map(({ chord, own }) => (
                        <span className="key-chip" data-own={own ? "" : undefined} key={chord}>
                          <kbd>{chord}</kbd>
                          {own ? <span className="visually-hidden">{text.own}</span> : null}
                          <IconButton
                            icon={X}
                            label={text.remove(chord, name)}
                            onPress={() => remove(chord, own)}
                            testId={testIds.keyRemove}
                          />
                        </span>
                      ))}
                      {capture(id, text.add(name))}
                    </span>
                    {note(id)}
                  </li>
                );
              })}
            </ul>
          </div>
        );
      })}
      {whole ? (
        <div aria-label={text.sent} role="group">
          <h4>{text.sent}</h4>
          <p className="setting-description">{text.sentText}</p>
          <div className="key-row">
            <span className="key-chords">
              {[...map.sent].map((chord) => (
                <span className="key-chip" key={chord}>
                  <kbd>{chord}</kbd>
                  <IconButton icon={Undo2} label={text.giveBack(chord)} onPress={() => set(without(chord))} />
                </span>
              ))}
              {capture("", text.send)}
            </span>
            {note("")}
          </div>
        </div>
      ) : null}
    </>
  );
}

/** Waits for a chord before anything else hears of it. Escape and Tab go on as ever, so that it is no trap. */
function Capture({
  onPressed,
  onCancel,
}: {
  readonly onPressed: (chord: string) => void;
  readonly onCancel: () => void;
}) {
  const heard = useEffectEvent((event: KeyboardEvent) => {
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
    if (plain && event.key === "Tab") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (plain && event.key === "Escape") {
      onCancel();
      return;
    }
    const chord = event.isComposing ? null : pressedChord(event);
    if (chord !== null) onPressed(chord);
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => heard(event);
    window.addEventListener("keydown", listen, { capture: true });
    return () => window.removeEventListener("keydown", listen, { capture: true });
  }, []);
  return (
    <input
      aria-label={`${text.press} ${text.cancelHint}`}
      // Pressing “add” was asking for it.
      autoFocus
      className="input key-capture"
      data-testid={testIds.keyCapture}
      onBlur={onCancel}
      placeholder={text.press}
      readOnly
    />
  );
}
