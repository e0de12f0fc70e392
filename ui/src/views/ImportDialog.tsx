import { FileSearch, FolderOpen } from "lucide-react";
import { useEffect, useState } from "react";
import {
  Button,
  Dialog,
  Heading,
  Input,
  Label,
  Modal,
  ModalOverlay,
  TextArea,
  TextField,
} from "react-aria-components";

import type { ImportFrom } from "../generated/ImportFrom";
import type { ImportItem } from "../generated/ImportItem";
import type { ImportPlace } from "../generated/ImportPlace";
import type { ImportPreview } from "../generated/ImportPreview";
import type { ImportSource } from "../generated/ImportSource";
import { toHostError } from "../host/host";
import { strings } from "../strings";
import { testIds } from "../testIds";
import { useController } from "./context";

const text = strings.import;

/** Adds profiles from other tools' files, after showing exactly what would be added. */
export function ImportDialog() {
  const controller = useController();
  const [preview, setPreview] = useState<ImportPreview | null>(null);
  const [source, setSource] = useState<ImportSource>("awsConfig");
  const [failure, setFailure] = useState<string | null>(null);
  const close = () => controller.desk.closeDialog();
  const fail = (reason: unknown) => setFailure(toHostError(reason).message);
  return (
    <ModalOverlay
      className="overlay"
      isOpen
      onOpenChange={(open) => {
        if (!open) close();
      }}
    >
      <Modal className="modal modal-large">
        <Dialog className="dialog" data-testid={testIds.importDialog}>
          <Heading slot="title">{text.title}</Heading>
          {preview ? (
            <Preview
              failure={failure}
              onBack={() => {
                setFailure(null);
                setPreview(null);
              }}
              onClose={close}
              onFailure={fail}
              preview={preview}
            />
          ) : (
            <Choose
              failure={failure}
              onClose={close}
              onFailure={fail}
              onPreview={(seen) => {
                setFailure(null);
                setPreview(seen);
              }}
              onSource={(chosen) => {
                setFailure(null);
                setSource(chosen);
              }}
              source={source}
            />
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function Choose({
  source,
  failure,
  onSource,
  onPreview,
  onFailure,
  onClose,
}: {
  readonly source: ImportSource;
  readonly failure: string | null;
  readonly onSource: (source: ImportSource) => void;
  readonly onPreview: (preview: ImportPreview) => void;
  readonly onFailure: (reason: unknown) => void;
  readonly onClose: () => void;
}) {
  const controller = useController();
  const [places, setPlaces] = useState<readonly ImportPlace[]>([]);
  const [pasted, setPasted] = useState("");
  const [looking, setLooking] = useState(false);
  useEffect(() => {
    controller.imports.places().then(setPlaces, (reason: unknown) => controller.desk.showError(reason));
  }, [controller]);

  const look = async (from: ImportFrom) => {
    setLooking(true);
    try {
      const preview = await controller.imports.preview(source, from);
      if (preview) onPreview(preview);
    } catch (reason) {
      onFailure(reason);
    } finally {
      setLooking(false);
    }
  };
  const found = places.find((place) => place.source === source)?.found ?? null;
  // Its profiles are those of this computer, wherever the configuration is.
  const anyFile = source !== "awsConfig";
  return (
    <>
      <div className="dialog-body import-body">
        <p>{text.safe}</p>
        <fieldset className="import-sources">
          <legend>{text.from}</legend>
          {places.map((place) => (
            <label
              className="import-source"
              data-selected={place.source === source || undefined}
              key={place.source}
            >
              <input
                checked={place.source === source}
                data-source={place.source}
                data-testid={testIds.importSource}
                name="import-source"
                onChange={() => onSource(place.source)}
                type="radio"
              />
              <span>
                <strong>{text.sources[place.source]}</strong>
                <small>{text.help[place.source]}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <div className="import-ways">
          {found === null ? null : (
            <Button
              className="button primary"
              data-testid={testIds.importUsual}
              isDisabled={looking}
              onPress={() => void look({ kind: "usual" })}
            >
              <FileSearch aria-hidden size={16} strokeWidth={1.75} />
              <span className="ellipsis">{text.usual(found)}</span>
            </Button>
          )}
          {found === null && !anyFile ? <p>{text.notFound}</p> : null}
          {anyFile ? (
            <Button
              className="button"
              data-testid={testIds.importChoose}
              isDisabled={looking}
              onPress={() => void look({ kind: "choose" })}
            >
              <FolderOpen aria-hidden size={16} strokeWidth={1.75} />
              {text.choose}
            </Button>
          ) : null}
        </div>
        {anyFile ? (
          <TextField className="field" onChange={setPasted} value={pasted}>
            <Label>{text.text}</Label>
            <TextArea
              className="input mono import-text"
              data-testid={testIds.importText}
              rows={4}
              spellCheck="false"
            />
          </TextField>
        ) : null}
      </div>
      <div className="dialog-actions">
        <Failure message={failure} />
        <Button className="button" data-testid={testIds.importCancel} onPress={onClose}>
          {text.cancel}
        </Button>
        {anyFile ? (
          <Button
            className="button primary"
            data-testid={testIds.importLook}
            isDisabled={looking || pasted.trim() === ""}
            onPress={() => void look({ kind: "text", text: pasted })}
          >
            {looking ? text.looking : text.look}
          </Button>
        ) : null}
      </div>
    </>
  );
}

function Preview({
  preview,
  failure,
  onBack,
  onClose,
  onFailure,
}: {
  readonly preview: ImportPreview;
  readonly failure: string | null;
  readonly onBack: () => void;
  readonly onClose: () => void;
  readonly onFailure: (reason: unknown) => void;
}) {
  const controller = useController();
  const { items, skipped } = preview;
  const fresh = items.flatMap(({ duplicate }, index) => (duplicate === null ? [index] : []));
  const [chosen, setChosen] = useState<ReadonlySet<number>>(() => new Set(fresh));
  const [folder, setFolder] = useState("");
  const [running, setRunning] = useState(false);
  const allFresh = fresh.length > 0 && fresh.every((index) => chosen.has(index));

  const toggle = (index: number, on: boolean) =>
    setChosen((current) => {
      const next = new Set(current);
      if (on) next.add(index);
      else next.delete(index);
      return next;
    });
  const run = async () => {
    setRunning(true);
    try {
      await controller.imports.run(
        preview,
        [...chosen].toSorted((a, b) => a - b),
        folder.trim(),
      );
    } catch (reason) {
      onFailure(reason);
      setRunning(false);
    }
  };
  return (
    <>
      <div className="dialog-body import-body">
        <p>
          {preview.file === null ? text.fromText : text.fromFile(preview.file)}:{" "}
          <strong>{text.summary(fresh.length, items.length - fresh.length, skipped.length)}</strong>
        </p>
        {items.length === 0 ? (
          <p>{text.nothing}</p>
        ) : (
          <fieldset className="import-items">
            <legend className="visually-hidden">{text.items}</legend>
            <label className="import-all">
              <input
                checked={allFresh}
                disabled={fresh.length === 0}
                onChange={({ currentTarget }) => setChosen(new Set(currentTarget.checked ? fresh : []))}
                type="checkbox"
              />
              {text.all}
            </label>
            {items.map((item, index) => (
              // The place in the preview is what an item is known by.
              <Item chosen={chosen.has(index)} item={item} key={index} onChange={(on) => toggle(index, on)} />
            ))}
          </fieldset>
        )}
        {skipped.length === 0 ? null : (
          <section aria-label={text.skipped} className="import-skipped">
            <h3>{text.skipped}</h3>
            <ul>
              {skipped.map(({ name, line, reason }, index) => (
                <li data-testid={testIds.importSkipped} key={index}>
                  <bdi>{name}</bdi>
                  {line === null ? null : <small> {text.line(line)}</small>}: {reason}
                </li>
              ))}
            </ul>
          </section>
        )}
        {items.length === 0 ? null : (
          <TextField className="field import-folder" onChange={setFolder} value={folder}>
            <Label>{text.folder}</Label>
            <Input
              className="input"
              data-testid={testIds.importFolder}
              placeholder={text.folderPlaceholder}
              spellCheck="false"
            />
          </TextField>
        )}
      </div>
      <div className="dialog-actions">
        <Failure message={failure} />
        <Button autoFocus className="button" data-testid={testIds.importBack} onPress={onBack}>
          {text.back}
        </Button>
        <Button className="button" data-testid={testIds.importCancel} onPress={onClose}>
          {text.cancel}
        </Button>
        <Button
          className="button primary"
          data-testid={testIds.importRun}
          isDisabled={running || chosen.size === 0}
          onPress={() => void run()}
        >
          {running ? text.adding : text.add(chosen.size)}
        </Button>
      </div>
    </>
  );
}

function Item({
  item,
  chosen,
  onChange,
}: {
  readonly item: ImportItem;
  readonly chosen: boolean;
  readonly onChange: (on: boolean) => void;
}) {
  const { name, target, awsProfile, region, folder, line, duplicate } = item;
  const details = [target, awsProfile, region, folder, line === null ? null : text.line(line)].filter(
    Boolean,
  );
  return (
    <label
      className="import-item"
      data-duplicate={duplicate?.kind}
      data-name={name}
      data-testid={testIds.importItem}
    >
      <input
        checked={chosen}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        type="checkbox"
      />
      <span className="import-item-text">
        <span className="import-item-name">
          <bdi className="ellipsis">{name}</bdi>
          {target === "" ? <span className="badge">{text.needsTarget}</span> : null}
          {duplicate === null ? null : (
            <span className="badge">
              {duplicate.kind === "saved" ? text.savedAs(duplicate.name) : text.earlier(duplicate.name)}
            </span>
          )}
        </span>
        <small>{details.join(" · ")}</small>
      </span>
    </label>
  );
}

function Failure({ message }: { readonly message: string | null }) {
  return (
    <p className="form-failure" data-testid={testIds.importProblem} role="alert">
      {message}
    </p>
  );
}
