/** Every sentence and label of the window, in one place, so that it can be translated without hunting. */
import type { AwsProfileKind } from "./generated/AwsProfileKind";
import type { EndCause } from "./generated/EndCause";
import type { Orphan } from "./generated/Orphan";
import type { ProfileColour } from "./generated/ProfileColour";
import type { SessionPhase } from "./generated/SessionPhase";
import type { SessionState } from "./generated/SessionState";
import type { SilenceKind } from "./generated/SilenceKind";
import type { Remaining } from "./model/credentials";
import type { FormProblem } from "./model/profileForm";
import type { PasteConcern } from "./terminal/paste";

const plural = (count: number, one: string, many: string): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** Keeps a name's own direction from turning the sentence around it. */
const apart = (name: string): string => `\u2068${name}\u2069`;

const size = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

/** How long something takes, such as `1:02:09`. */
const span = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? clock(seconds)
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
};

const timeLeft = (left: Remaining): string => {
  switch (left.kind) {
    case "over":
      return "expired";
    case "moments":
      return "under a minute";
    case "minutes":
      return `${left.minutes} min`;
    case "hours":
      return left.minutes === 0 ? `${left.hours} h` : `${left.hours} h ${left.minutes} min`;
    case "days":
      return plural(left.days, "day", "days");
  }
};

/** The hour alone where it is today's. */
const moment = (ms: number, nowMs: number): string => {
  const at = new Date(ms);
  const sameDay = at.toDateString() === new Date(nowMs).toDateString();
  return at.toLocaleString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(sameDay ? {} : { weekday: "short", day: "numeric", month: "short" }),
  });
};

export const strings = {
  app: { name: "Sessiondeck", version: (version: string) => `Version ${version}` },

  sidebar: {
    label: "Profiles",
    newProfile: "New profile",
    hide: "Hide sidebar",
    show: "Show sidebar",
    resize: "Sidebar width",
    filter: "Filter profiles",
    filterPlaceholder: "Filter",
    clearFilter: "Clear filter",
    builtIn: "built in",
    localTarget: "A shell on this computer",
    loading: "Reading profiles…",
    noMatch: (typed: string) => `No profile matches “${apart(typed)}”.`,
    none: "Profiles that you save will be listed here.",
    failed: "The profiles could not be read.",
    retry: "Try again",
    menu: (name: string) => `Actions for ${name}`,
  },

  menu: {
    open: "Open",
    edit: "Edit…",
    duplicate: "Duplicate",
    remove: "Delete…",
    copy: "Copy",
    paste: "Paste",
    selectAll: "Select all",
    clear: "Clear scrollback",
    terminal: "Terminal actions",
    tab: "Tab actions",
    closeTab: "Close tab",
    closeOthers: "Close other tabs",
    duplicateTab: "Duplicate tab",
    restart: "Start again",
  },

  form: {
    create: "New profile",
    edit: "Edit profile",
    name: "Name",
    namePlaceholder: "Web server",
    awsProfile: "AWS profile",
    awsProfileHelp: "Empty: the default credential chain.",
    awsProfilePlaceholder: "Default credentials",
    region: "Region",
    regionHelp: "Empty: what the AWS profile says.",
    regionPlaceholder: "From the AWS profile",
    target: "Target",
    targetHelp: "An instance (i-…), a hybrid node (mi-…) or a container (ecs:cluster_task_runtime).",
    targetPlaceholder: "i-0123456789abcdef0",
    colour: "Colour",
    more: "More",
    less: "Fewer",
    document: "Session document",
    documentHelp: "Name or ARN. Empty: the account’s default shell.",
    documentPlaceholder: "SSM-SessionManagerRunShell",
    parameters: "Document parameters",
    parametersHelp: "One value per line.",
    parameterKey: (number: number) => `Parameter ${number}, name`,
    parameterValues: (number: number) => `Parameter ${number}, values`,
    parameterKeyPlaceholder: "Name",
    parameterValuePlaceholder: "Value",
    addParameter: "Add parameter",
    removeParameter: (number: number) => `Remove parameter ${number}`,
    reason: "Reason",
    reasonHelp: "Kept in the account’s session history.",
    save: "Save",
    saving: "Saving…",
    cancel: "Cancel",
    showOptions: (label: string) => `Show choices for ${label}`,
    problems: {
      nameMissing: "Give the profile a name.",
      nameLong: "At most 100 characters.",
      regionForm: "A region looks like eu-west-1.",
      targetMissing: "Say what to connect to.",
      targetForm: "A target begins with i-, mi- or ecs: followed by its id.",
      targetLong: "At most 400 characters.",
      documentForm: "A document’s name or ARN: letters, digits and . _ - : / only.",
      parameterKeyMissing: "Each parameter needs a name.",
      parameterKeyTwice: "Each parameter name can be used once.",
      reasonLong: "At most 256 characters.",
    } satisfies Record<FormProblem, string>,
    colours: {
      none: "None",
      red: "Red",
      orange: "Orange",
      yellow: "Yellow",
      green: "Green",
      teal: "Teal",
      blue: "Blue",
      purple: "Purple",
      pink: "Pink",
    } satisfies Record<ProfileColour, string>,
  },

  remove: {
    title: (name: string) => `Delete “${apart(name)}”?`,
    text: "The saved profile is removed. Sessions that are open stay open, and nothing changes in AWS.",
    yes: "Delete",
    no: "Keep",
  },

  notices: {
    damagedTitle: "The profile file was damaged, so it was set aside.",
    damagedText: (problem: string, keptAs: string, restored: number | null) =>
      [
        problem,
        `It is kept as ${keptAs}.`,
        restored === null
          ? "There was no good copy, so the list starts empty."
          : `${plural(restored, "profile was", "profiles were")} brought back from the last good copy.`,
      ].join(" "),
    missingTitle: "The profile file was missing.",
    missingText: (restored: number) =>
      `${plural(restored, "profile was", "profiles were")} brought back from the last good copy.`,
    newerTitle: "The profiles were saved by a newer version of Sessiondeck.",
    newerText: (schema: number) =>
      `They are shown and can be opened, but not changed (file format ${schema}). Update Sessiondeck to change them.`,
    teamFileTitle: "Something your team shares was left out.",
    unreadableTitle: "The profile file cannot be read, so nothing can be saved.",
    dismiss: "Dismiss",
  },

  start: {
    tab: "New tab",
    title: "Open a session",
    titleFirst: "Welcome to Sessiondeck",
    lead: "Choose a profile. It opens in a tab of its own.",
    leadFirst:
      "Terminals on your AWS machines through Session Manager: no open ports, no SSH keys, no plugin.",
    demoTitle: "Try it now",
    demoText:
      "Local demo opens a shell on this computer through the complete Session Manager path. No AWS account is needed.",
    demoButton: "Open Local demo",
    awsTitle: "Connect to AWS",
    awsText:
      "Save a profile with the target’s id. Credentials come from your AWS configuration and stay there.",
    awsButton: "New profile",
    /** Said before a profile's name. */
    open: "Open",
    more: (count: number) => `${plural(count, "more profile", "more profiles")} in the sidebar`,
    keys: "Keys",
    keyNewTab: "New tab",
    keyClose: "Close tab",
    keySwitch: "Next tab",
    keyCopyPaste: "Copy, paste",
    keySidebar: "Sidebar",
  },

  tab: {
    strip: "Tabs",
    close: (name: string) => `Close ${name}`,
    newTab: "New tab",
    list: "All tabs",
    hint: (name: string, remoteTitle: string) =>
      remoteTitle === "" ? name : `${apart(name)} — ${apart(remoteTitle)}`,
    states: {
      connecting: "connecting",
      open: "open",
      reconnecting: "reconnecting",
      waitingForSignIn: "waiting for sign-in",
      ended: "ended",
    } satisfies Record<SessionState["kind"], string>,
    unseen: "new output",
    bell: "bell",
  },

  session: {
    terminal: (name: string) => `Terminal of ${name}`,
    cancelled: "You cancelled it before it was open.",
    connectingTo: (name: string) => `Connecting to ${apart(name)}`,
    phases: {
      starting: "Asking Session Manager for a session…",
      connecting: "Opening the data channel…",
      waitingForAgent: "Waiting for the node to answer…",
      handshake: "Agreeing on the session with the node…",
    } satisfies Record<SessionPhase, string>,
    cancel: "Cancel",
    causes: {
      closed: "Closed",
      finished: "Session ended",
      service: "Ended by the service",
      refused: "Not opened",
      unreachable: "Not reached",
      lost: "Connection lost",
    } satisfies Record<EndCause, string>,
    exitCode: (code: number) => `Exit status ${code}.`,
    restart: "Start again",
    restartHint: "or press Enter",
    details: "Details",
    copyDetail: "Copy details",
    closeTab: "Close tab",
    dismissNotice: "Dismiss notice",
    endedRule: (time: string) => `session ended ${time}`,
    linkHint: (host: string, mac: boolean) => `${mac ? "Command" : "Ctrl"}+click opens ${host}`,
  },

  connection: {
    reconnecting: "Connection lost.",
    trying: (attempt: number) => `Trying to reconnect, attempt ${attempt.toLocaleString("en")}…`,
    nextTry: (attempt: number, seconds: number) =>
      `Attempt ${attempt.toLocaleString("en")} in ${plural(seconds, "second", "seconds")}.`,
    kept: "The session goes on at the node; what you type is kept.",
    tryNow: "Try now",
    giveUp: "Give up",
    waitingForSignIn: "Sign-in needed.",
    lookAgain: "Look again",
    resumesByItself: "The session resumes by itself once there are credentials again.",
    silence: {
      noAnswer: (seconds: number) =>
        `No answer from the node for ${plural(seconds, "second", "seconds")}. What you type is kept.`,
      nodeAbsent: (seconds: number) =>
        `The node has not been connected for ${plural(seconds, "second", "seconds")}. What you type is kept until it is back.`,
    } satisfies Record<SilenceKind, (seconds: number) => string>,
    pasting: (sent: number, total: number) =>
      `Pasting ${size(total)}: ${Math.floor((100 * sent) / total)} % sent`,
    cancelPaste: "Stop pasting",
  },

  orphans: {
    title: (count: number) =>
      count === 1 ? "A session was left open." : `${count.toLocaleString("en")} sessions were left open.`,
    text: (orphans: readonly Orphan[]) =>
      `Sessiondeck ended without closing ${[...new Set(orphans.map(({ name }) => apart(name)))].join(", ")}. They cannot be taken over, only ended; left alone, they end at the idle limit.`,
    end: (count: number) => (count === 1 ? "End it" : "End them"),
    leave: "Leave",
    ended: (count: number) => `${plural(count, "session was", "sessions were")} ended.`,
  },

  aws: {
    title: "AWS configuration",
    open: "AWS configuration",
    problems: "What does not count",
    place: (file: string, line: number | null) => (line === null ? file : `${file}:${line}`),
    signIns: "Sign-ins",
    signedInUntil: (ms: number, nowMs: number) => `Signed in until ${moment(ms, nowMs)}`,
    notSignedIn: "Not signed in",
    signIn: "Sign in",
    signInTo: (label: string) => `Sign in to ${label}`,
    signingIn: "Signing in…",
    signOut: "Sign out",
    signOutOf: (label: string) => `Sign out of ${label}`,
    signingOut: "Signing out…",
    profiles: "Profiles",
    columnProfile: "Profile",
    columnKind: "Credentials",
    columnAccount: "Account",
    columnRegion: "Region",
    unknown: "not said",
    kinds: {
      keys: "Keys",
      role: "Role",
      sso: "IAM Identity Center",
      process: "Program",
      webIdentity: "Web identity",
      login: "aws login",
      surroundings: "Environment",
      empty: "Nothing",
      broken: "Unusable",
    } satisfies Record<AwsProfileKind, string>,
    count: (count: number) =>
      count === 0
        ? "No AWS profiles were found on this computer."
        : `${plural(count, "AWS profile", "AWS profiles")} on this computer`,
    emptyTitle: "No AWS profiles were found on this computer.",
    emptyText: (config: string, credentials: string) => `They would be in ${config} and ${credentials}.`,
    emptySso: "With IAM Identity Center, let the AWS CLI write one:",
    emptySsoCommand: "aws configure sso",
    emptyKeys: "With access keys:",
    emptyKeysCommand: "aws configure",
    emptyEnvironment:
      "Without a profile, credentials come from the environment, the container or the instance, where there are any.",
    loading: "Reading the AWS configuration…",
    close: "Close",
  },

  question: {
    signInTitle: (session: string) => `Sign in to ${apart(session)}`,
    /** How many sessions cannot go on without the answer. */
    waiting: (count: number) => `${plural(count, "session waits", "sessions wait")} for it.`,
    signInLead: "The sign-in happens in your browser, and the AWS tools on this computer can use it too.",
    startUrl: "Start URL",
    browser: "Sign in with the browser",
    code: "Use a code instead",
    notNow: "Not now",
    cancel: "Cancel sign-in",
    preparing: "Asking IAM Identity Center…",
    inBrowser: "Go on in your browser. This window waits for it.",
    finishing: "You are signed in. Fetching the token…",
    deviceLead: "Check that the page shows this code, and only then confirm there.",
    deviceCode: "Code",
    codeLeft: (seconds: number) => `Good for ${clock(seconds)}`,
    codeOver: "This code has expired.",
    address: "Address",
    openAgain: "Open again",
    copyAddress: "Copy address",
    addressCopied: "Address",
    copyCode: "Copy code",
    details: "Details",
    copyDetails: "Copy details",
    mfaTitle: "Code of your MFA device",
    mfaLead: (awsProfile: string) => `The AWS profile ${apart(awsProfile)} asks for it.`,
    device: "Device",
    role: "Role",
    codeLabel: "Six-digit code",
    send: "Continue",
    checking: "Checking…",
    codeShort: "A code has six digits.",
  },

  caller: {
    copied: "ARN",
    copy: (who: string) => `Copy the ARN of ${who}`,
    left: timeLeft,
  },

  timeline: {
    show: "History",
    title: "What happened to this session",
    empty: "Nothing is known of this session any more.",
    time: (ms: number) =>
      new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    omitted: (count: number) => `${plural(count, "entry", "entries")} in the middle not kept.`,
  },

  status: {
    label: "Session",
    target: "Target",
    sessionId: "Session id",
    agent: (version: string) => `Agent ${version}`,
    size: (cols: number, rows: number) => `${cols} × ${rows}`,
    sizeLabel: (cols: number, rows: number) => `${cols} columns, ${rows} rows`,
    states: {
      connecting: "Connecting",
      open: "Open",
      reconnecting: "Reconnecting",
      waitingForSignIn: "Waiting for sign-in",
      ended: "Ended",
    } satisfies Record<SessionState["kind"], string>,
    copy: (what: string) => `Copy ${what.toLowerCase()}`,
    copied: (what: string) => `${what} copied.`,
  },

  paste: {
    title: (lines: number) => (lines > 1 ? `Paste ${plural(lines, "line", "lines")}?` : "Paste this text?"),
    concerns: {
      lines: "Each line runs as soon as it arrives.",
      controls: "It holds control characters. They are sent as the marked symbols instead.",
      hidden: "It holds characters that cannot be seen. They are named here, and sent as they are.",
      large: "It is long.",
    } satisfies Record<PasteConcern, string>,
    characters: (count: number) => plural(count, "character", "characters"),
    text: "Text to paste",
    yes: "Paste",
    no: "Cancel",
  },

  link: {
    title: "Open this address?",
    text: "What is shown in the terminal is not where it leads. It leads to:",
    yes: "Open in browser",
    no: "Cancel",
  },

  live: {
    open: (name: string) => `${name}: connected`,
    connecting: (name: string) => `${name}: connecting`,
    ended: (name: string, message: string) => `${name}: ${message}`,
    reconnecting: (name: string, cause: string) => `${name}: reconnecting. ${cause}`,
    waitingForSignIn: (name: string, message: string) => `${name}: waiting for sign-in. ${message}`,
  },

  recordings: {
    title: "Recordings",
    open: "Recordings…",
    start: "Record this session",
    stop: "Stop recording",
    on: "Recording",
    started: "Recording what this session shows. What you type is not recorded by itself.",
    stopped: "The recording has ended.",
    loading: "Looking for recordings…",
    none: "Nothing has been recorded yet.",
    noneHelp:
      "Start a recording from a tab’s menu. It holds what the session shows, stays on this computer and is readable only by you.",
    facts: (startedMs: number, lengthMs: number, lenBytes: number) =>
      `${new Date(startedMs).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })} · ${span(lengthMs)} · ${size(lenBytes)}`,
    total: (count: number, lenBytes: number) =>
      `${plural(count, "recording", "recordings")}, ${size(lenBytes)}`,
    running: "Recording now",
    remove: (title: string) => `Delete the recording ${apart(title)}`,
    removeTitle: "Delete a recording",
    removeText: (title: string) => `Delete the recording of “${apart(title)}”? It cannot be brought back.`,
    removeNow: "Delete",
    keep: "Keep",
    deleted: (title: string) => `The recording of ${apart(title)} was deleted.`,
    back: "All recordings",
    close: "Close",
    reading: (events: number) => `Reading the recording, ${events.toLocaleString("en")} events so far…`,
    screen: "The recorded terminal. Space plays and pauses, the arrow keys go five seconds.",
    play: "Play",
    pause: "Pause",
    position: "Position",
    positionOf: (ms: number, lengthMs: number) => `${span(ms)} / ${span(lengthMs)}`,
    clock: (ms: number) => span(ms),
    speed: "Speed",
    times: (speed: number) => `${speed}×`,
    shorten: "Shorten pauses",
    find: "Find in the recording",
    findPlaceholder: "Find text, then Enter",
    found: (count: number) => (count === 0 ? "Nothing found." : plural(count, "line found", "lines found")),
    markers: "What happened",
  },

  toast: {
    region: "Messages",
    dismiss: "Dismiss",
    copied: "Copied.",
    deleted: (name: string) => `${apart(name)} was deleted.`,
  },

  failure: "Sessiondeck could not start.",
} as const;
