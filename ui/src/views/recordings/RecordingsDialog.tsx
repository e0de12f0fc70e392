import { ArrowLeft, CircleDot, Play, Trash2, Video, X } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, Dialog, GridList, GridListItem, Heading, Modal, ModalOverlay } from "react-aria-components";

import type { Recording } from "../../generated/Recording";
import type { RecordingList } from "../../generated/RecordingList";
import { toHostError } from "../../host/host";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { useController } from "../context";
import { IconButton } from "../IconButton";
import { Player } from "./Player";

/** All recordings: a list with what each takes, and a player over it. */
export function RecordingsDialog() {
  const controller = useController();
  const [played, setPlayed] = useState<Recording | null>(null);
  const text = strings.recordings;
  return (
    <ModalOverlay
      className="overlay"
      isDismissable
      isOpen
      onOpenChange={(open) => {
        if (!open) controller.desk.closeDialog();
      }}
    >
      <Modal className="modal recordings-modal">
        <Dialog className="dialog recordings" data-testid={testIds.recordings}>
          <header className="recordings-header">
            {played ? (
              <IconButton icon={ArrowLeft} label={text.back} onPress={() => setPlayed(null)} />
            ) : (
              <Video aria-hidden size={18} strokeWidth={1.75} />
            )}
            <Heading className="ellipsis" slot="title">
              {played ? played.title : text.title}
            </Heading>
            <IconButton icon={X} label={text.close} onPress={() => controller.desk.closeDialog()} />
          </header>
          {played ? <Player key={played.name} recording={played} /> : <Listed play={setPlayed} />}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

type Loaded = RecordingList | { readonly problem: string } | null;

function Listed({ play }: { readonly play: (recording: Recording) => void }) {
  const controller = useController();
  const [loaded, setLoaded] = useState<Loaded>(null);
  const [asked, setAsked] = useState<Recording | null>(null);
  const [version, setVersion] = useState(0);
  useEffect(() => {
    let current = true;
    controller.recordings.list().then(
      (list) => current && setLoaded(list),
      (reason: unknown) => current && setLoaded({ problem: toHostError(reason).message }),
    );
    return () => {
      current = false;
    };
  }, [controller, version]);
  const text = strings.recordings;
  if (loaded === null) return <p className="recordings-note">{text.loading}</p>;
  if ("problem" in loaded) {
    return (
      <p className="recordings-note" role="alert">
        {loaded.problem}
      </p>
    );
  }
  const { recordings, folder } = loaded;
  if (recordings.length === 0) {
    return (
      <div className="recordings-empty">
        <Video aria-hidden size={32} strokeWidth={1.25} />
        <p>{text.none}</p>
        <p className="muted">{text.noneHelp}</p>
      </div>
    );
  }
  const remove = async (recording: Recording) => {
    setAsked(null);
    if (await controller.recordings.remove(recording)) setVersion((before) => before + 1);
  };
  const total = recordings.reduce((sum, each) => sum + each.lenBytes, 0);
  return (
    <>
      <GridList
        aria-label={text.title}
        className="recordings-list"
        data-testid={testIds.recordingsList}
        items={recordings.map((each) => ({ ...each, id: each.name }))}
        onAction={(key) => {
          const found = recordings.find(({ name }) => name === key);
          if (found) play(found);
        }}
      >
        {(recording) => (
          <GridListItem className="recordings-row" textValue={recording.title}>
            <Play aria-hidden className="recordings-play" size={16} strokeWidth={1.75} />
            <span className="recordings-text">
              <span className="ellipsis" dir="auto">
                {recording.title}
              </span>
              <span className="muted ellipsis">
                {text.facts(recording.startedMs, recording.lengthMs, recording.lenBytes)}
              </span>
            </span>
            {recording.running ? (
              <span className="recordings-running">
                <CircleDot aria-hidden size={14} strokeWidth={2} />
                {text.running}
              </span>
            ) : (
              <IconButton
                icon={Trash2}
                label={text.remove(recording.title)}
                onPress={() => setAsked(recording)}
              />
            )}
          </GridListItem>
        )}
      </GridList>
      {asked ? (
        <div className="recordings-ask" role="alertdialog" aria-label={text.removeTitle}>
          <p>{text.removeText(asked.title)}</p>
          <Button className="button" onPress={() => setAsked(null)}>
            {text.keep}
          </Button>
          <Button
            autoFocus
            className="button danger"
            data-testid={testIds.recordingDelete}
            onPress={() => void remove(asked)}
          >
            {text.removeNow}
          </Button>
        </div>
      ) : (
        <footer className="recordings-footer muted">
          {text.total(recordings.length, total)} <span className="ellipsis">{folder}</span>
        </footer>
      )}
    </>
  );
}
