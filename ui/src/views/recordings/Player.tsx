import { Check, Pause, Play, Search } from "lucide-react";
import { type KeyboardEvent as ReactKeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import {
  Button,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  SearchField,
  Select,
  SelectValue,
  Slider,
  SliderThumb,
  SliderTrack,
  ToggleButton,
} from "react-aria-components";

import type { ReadRecording } from "../../control/recordingControl";
import type { Recording } from "../../generated/Recording";
import type { RecordingFound } from "../../generated/RecordingFound";
import { toHostError } from "../../host/host";
import {
  EMPTY_TRACK,
  IDLE_LIMIT_MS,
  lengthOf,
  markersOf,
  playedAt,
  type Speed,
  SPEEDS,
  trackOf,
} from "../../terminal/track";
import { strings } from "../../strings";
import { Playback } from "../../terminal/playback";
import { testIds } from "../../testIds";
import { useController } from "../context";
import { IconButton } from "../IconButton";

const STEP_MS = 5_000;

/** Plays one recording: screen, time, speed, pauses, search and markers. */
export function Player({ recording }: { readonly recording: Recording }) {
  const controller = useController();
  const place = useRef<HTMLDivElement>(null);
  const playback = useRef<Playback | null>(null);
  const [read, setRead] = useState<ReadRecording | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [shortened, setShortened] = useState(true);
  const [speed, setSpeed] = useState<Speed>(1);
  const [at, setAt] = useState({ ms: 0, playing: false });
  const track = useMemo(
    () => (read ? trackOf(read.events, shortened ? IDLE_LIMIT_MS : null) : EMPTY_TRACK),
    [read, shortened],
  );
  const { name } = recording;

  useEffect(() => {
    const end = new AbortController();
    controller.recordings
      .read(name, setRead, end.signal)
      .catch((reason: unknown) => setProblem(toHostError(reason).message));
    return () => end.abort();
  }, [controller, name]);

  const cols = read?.cols;
  const rows = read?.rows;
  useEffect(() => {
    const container = place.current;
    if (cols === undefined || rows === undefined || !container) return undefined;
    const made = new Playback({ cols, rows }, EMPTY_TRACK, {
      moved: (ms, playing) => setAt({ ms, playing }),
    });
    playback.current = made;
    void made.open(container, strings.recordings.screen);
    return () => {
      playback.current = null;
      made.dispose();
    };
  }, [cols, rows]);
  // Whatever was played stays on the screen; the first page begins by itself.
  const begun = useRef(false);
  useEffect(() => {
    playback.current?.setTrack(track);
    if (track.events.length > 0 && !begun.current) {
      begun.current = true;
      playback.current?.play();
    }
  }, [track]);

  const toggle = () => {
    if (at.playing) playback.current?.pause();
    else playback.current?.play();
  };
  const onKeyDown = (event: ReactKeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("input, button, [role=listbox], [role=slider]")) return;
    if (event.key === " ") toggle();
    else if (event.key === "ArrowLeft") void playback.current?.seek(at.ms - STEP_MS);
    else if (event.key === "ArrowRight") void playback.current?.seek(at.ms + STEP_MS);
    else return;
    event.preventDefault();
  };

  const text = strings.recordings;
  const length = lengthOf(track);
  const markers = markersOf(track);
  if (problem !== null) {
    return (
      <p className="recordings-note" role="alert">
        {problem}
      </p>
    );
  }
  return (
    <div className="player" data-testid={testIds.player} onKeyDown={onKeyDown}>
      <div className="player-screen" data-shown={Math.round(at.ms)} ref={place} tabIndex={0} />
      {read && !read.complete ? <p className="recordings-note">{text.reading(read.events.length)}</p> : null}
      <div className="player-controls">
        <IconButton
          icon={at.playing ? Pause : Play}
          label={at.playing ? text.pause : text.play}
          onPress={toggle}
          testId={testIds.playerToggle}
        />
        <Slider
          aria-label={text.position}
          className="player-slider"
          maxValue={Math.max(1, Math.round(length))}
          minValue={0}
          onChange={(ms) => void playback.current?.seek(ms)}
          step={100}
          value={Math.round(at.ms)}
        >
          <SliderTrack className="player-track">
            {markers.map((marker, index) => (
              <span
                aria-hidden
                className="player-marker"
                key={`${index} ${marker.label}`}
                style={{ insetInlineStart: `${(marker.ms / Math.max(1, length)) * 100}%` }}
                title={marker.label}
              />
            ))}
            <SliderThumb className="player-thumb" />
          </SliderTrack>
        </Slider>
        <span className="player-time" data-testid={testIds.playerTime}>
          {text.positionOf(at.ms, length)}
        </span>
        <Select
          aria-label={text.speed}
          className="player-speed"
          onChange={(key) => {
            const chosen = SPEEDS.find((each) => String(each) === key) ?? 1;
            setSpeed(chosen);
            playback.current?.setSpeed(chosen);
          }}
          value={String(speed)}
        >
          <Button className="button">
            <SelectValue />
          </Button>
          <Popover className="popover">
            <ListBox className="listbox">
              {SPEEDS.map((each) => (
                <ListBoxItem className="listbox-item" id={String(each)} key={each}>
                  {text.times(each)}
                </ListBoxItem>
              ))}
            </ListBox>
          </Popover>
        </Select>
        <ToggleButton className="button player-shorten" isSelected={shortened} onChange={setShortened}>
          <Check aria-hidden size={14} strokeWidth={2} />
          {text.shorten}
        </ToggleButton>
      </div>
      <Finder
        go={(recordedMs) => {
          playback.current?.pause();
          void playback.current?.seek(playedAt(track, recordedMs));
        }}
        markers={markers.map(({ ms, label }) => ({ ms, label }))}
        name={name}
        seek={(ms) => void playback.current?.seek(ms)}
      />
    </div>
  );
}

function Finder({
  name,
  markers,
  go,
  seek,
}: {
  readonly name: string;
  readonly markers: readonly { readonly ms: number; readonly label: string }[];
  readonly go: (recordedMs: number) => void;
  readonly seek: (ms: number) => void;
}) {
  const controller = useController();
  const [found, setFound] = useState<readonly RecordingFound[] | null>(null);
  const text = strings.recordings;
  const search = async (typed: string) => {
    try {
      setFound(typed === "" ? null : await controller.recordings.find(name, typed));
    } catch (reason) {
      controller.desk.showError(reason);
    }
  };
  return (
    <div className="player-finder">
      <SearchField
        className="filter"
        onChange={(typed) => {
          if (typed === "") setFound(null);
        }}
        onSubmit={(typed) => void search(typed)}
      >
        <Label className="visually-hidden">{text.find}</Label>
        <Search aria-hidden size={14} strokeWidth={1.75} />
        <Input data-testid={testIds.playerFind} placeholder={text.findPlaceholder} spellCheck="false" />
      </SearchField>
      {found === null ? null : (
        <p aria-live="polite" className="muted player-found">
          {text.found(found.length)}
        </p>
      )}
      {found !== null && found.length > 0 ? (
        <ListBox
          aria-label={text.find}
          className="player-hits"
          data-testid={testIds.playerHits}
          items={found.map((each, index) => ({ ...each, id: index }))}
          onAction={(key) => {
            const hit = found[Number(key)];
            if (hit) go(hit.atMs);
          }}
        >
          {(hit) => (
            <ListBoxItem className="player-hit" textValue={hit.line}>
              <span className="muted">{text.clock(hit.atMs)}</span>
              <span className="ellipsis">{hit.line}</span>
            </ListBoxItem>
          )}
        </ListBox>
      ) : null}
      {found === null && markers.length > 0 ? (
        <div aria-label={text.markers} className="player-markers" role="group">
          {markers.slice(0, 50).map((marker, index) => (
            <Button className="button small" key={`${index} ${marker.label}`} onPress={() => seek(marker.ms)}>
              {text.clock(marker.ms)} {marker.label}
            </Button>
          ))}
        </div>
      ) : null}
    </div>
  );
}
