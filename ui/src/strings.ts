/** Every sentence and label of the window, in one place, so that it can be translated without hunting. */
import type { AwsProfileKind } from "./generated/AwsProfileKind";
import type { EndCause } from "./generated/EndCause";
import type { ImportSource } from "./generated/ImportSource";
import type { LinkField } from "./generated/LinkField";
import type { Orphan } from "./generated/Orphan";
import type { ProfileColour } from "./generated/ProfileColour";
import type { SessionPhase } from "./generated/SessionPhase";
import type { SessionState } from "./generated/SessionState";
import type { SilenceKind } from "./generated/SilenceKind";
import type { Remaining } from "./model/credentials";
import type { NameProblem } from "./model/firstSignIn";
import type { FormProblem, Section } from "./model/profileForm";
import type { SortOrder } from "./model/profileTree";
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
    remove: "Delete",
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
    credentials: "Credentials",
    credentialKinds: { aws: "AWS profile", environment: "Environment", keyring: "Keyring" },
    environmentCredentialsHelp:
      "The variables AWS_ACCESS_KEY_ID and so on, as this application was started with.",
    keyringEntry: "Keyring entry",
    keyringHelp: "Made by sessiondeck-cli keys add NAME; the secret stays in the system’s keyring.",
    keyringPlaceholder: "name",
    user: "User",
    userPlaceholder: "The service’s own",
    shell: "Shell",
    shellPlaceholder: "The account’s",
    environment: "Environment",
    environmentPlaceholder: "None",
    environments: {
      production: "Production",
      staging: "Staging",
      test: "Test",
      development: "Development",
    },
    productionHelp: "Marked wherever it is shown.",
    targetRules:
      "i-… instance, mi-… hybrid node, ecs:cluster_task_runtime container; or a rule: name:web-1, tag:Role=web,Stage=test, asg:workers.",
    sections: {
      organise: "Folder, tags and notes",
      session: "What runs",
      terminal: "Terminal",
      network: "Network",
    } satisfies Record<Section, string>,
    folder: "Folder",
    folderPlaceholder: "At the top",
    folderHelp: "/ makes folders inside folders.",
    tags: "Tags",
    tagsHelp: "Words to find it by, with commas between them.",
    notes: "Notes",
    favourite: "Favourite",
    startupCommand: "Start-up command",
    startupHelp: "Sent once the shell is there.",
    font: "Font",
    fontSize: "Font size",
    theme: "Colour theme",
    scrollback: "Lines kept",
    asSettings: "As in the settings",
    proxy: "Proxy",
    proxyPlaceholder: "http://proxy.example:3128",
    noProxy: "Not through the proxy",
    noProxyPlaceholder: "localhost, .internal.example",
    caBundle: "Certificate authorities",
    caBundleHelp: "The path of a PEM file.",
    endpoints: "Endpoints",
    endpointsHelp: "One a line: service=https://…",
    asSystem: "As the system says",
    teamTitle: "Profile of a team",
    teamNote: (team: string, file: string) => `${apart(team)} keeps it in ${file}. It is read only.`,
    teamChanged: (fields: readonly string[]) => `Changed for you: ${fields.join(", ")}.`,
    override: "Change for myself",
    overrideNote: "What you change is kept in your own file, value by value; the rest follows the team.",
    ownCopy: "Make my own copy",
    resetTeam: "Back to the team’s values",
    close: "Close",
    conflict: (file: string) =>
      `Another program has changed this profile since the form was opened. Saving yours keeps theirs in ${file}.1.`,
    deletedElsewhere: "Another program has deleted this profile. Saving makes it anew.",
    keepMine: "Save mine",
    takeTheirs: "Take theirs",
    changedWhileOpen: "Another program has changed this profile while the form was open.",
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
      targetForm: "An id (i-…, mi-…, ecs:…) or a rule (name:…, tag:Key=Value, asg:…).",
      targetLong: "At most 400 characters.",
      documentForm: "A document’s name or ARN: letters, digits and . _ - : / only.",
      parameterKeyMissing: "Each parameter needs a name.",
      parameterKeyTwice: "Each parameter name can be used once.",
      reasonLong: "At most 256 characters.",
      wholeNumber: "A whole number, or nothing.",
      endpointForm: "One a line: service=https://…",
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

  tree: {
    label: "Profiles",
    favourites: "Favourites",
    recents: "Recent",
    options: "Order and folders",
    sort: {
      manual: "Order: by hand",
      name: "Order: by name",
      recent: "Order: last opened",
    } satisfies Record<SortOrder, string>,
    newFolder: "New folder…",
    newFolderIn: "New folder inside…",
    newProfileIn: "New profile here…",
    expandAll: "Open all folders",
    collapseAll: "Close all folders",
    forgetRecents: "Forget what was opened",
    forget: "Remove from recent",
    openAll: (count: number) => `Open ${plural(count, "profile", "profiles")}`,
    openBackground: "Open in the background",
    openRight: "Open in a split",
    rename: "Rename",
    renameOf: (name: string) => `New name of ${name}`,
    moveTo: "Move to…",
    moveTitle: (what: string) => `Move ${apart(what)}`,
    moveFilter: "Folder",
    moveHelp: "Choose a folder, or write the name of a new one; / makes folders inside folders.",
    movePlaceholder: "At the top",
    moveYes: "Move",
    cancel: "Cancel",
    favourite: "Add to favourites",
    notFavourite: "Remove from favourites",
    environment: (name: string) => `Mark as ${name}`,
    noEnvironment: "No environment",
    override: "Change for myself…",
    view: "Show values…",
    ownCopy: "Make my own copy",
    resetTeam: "Back to the team’s values",
    undo: "Undo",
    undone: "Taken back.",
    keptOnUndo: (names: readonly string[], earlier: string) =>
      `${names.map(apart).join(", ")} ${names.length === 1 ? "was" : "were"} changed since, and stayed as ${names.length === 1 ? "it is" : "they are"}. What was there before this is in ${earlier}.`,
    deleted: (what: string) => `${apart(what)} deleted.`,
    moved: (what: string, folder: string) =>
      `${apart(what)} moved to ${folder === "" ? "the top" : apart(folder)}.`,
    reset: (name: string) => `${apart(name)} has the team’s values again.`,
    several: (count: number) => plural(count, "item", "items"),
    severalMenu: (count: number) => `Actions for ${plural(count, "item", "items")}`,
    count: (count: number) => plural(count, "profile", "profiles"),
    production: "Production",
    environments: { production: "prod", staging: "staging", test: "test", development: "dev" },
    team: (team: string) => `From ${team}`,
    teamChanged: (team: string) => `From ${team}, changed for you`,
    isFavourite: "Favourite",
    matches: (shown: number, count: number) =>
      shown < count
        ? `${count.toLocaleString("en")} found, the first ${shown.toLocaleString("en")} shown`
        : `${count.toLocaleString("en")} found`,
    folderMenu: (name: string) => `Actions for folder ${name}`,
    sectionMenu: (name: string) => `Actions for ${name}`,
    newFolderName: "New folder",
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

  asking: {
    nodeTitle: (connection: string) => `Which node for ${apart(connection)}?`,
    nodeLead: (count: number, rule: string) =>
      `${plural(count, "node matches", "nodes match")} ${apart(rule)}.`,
    filter: "Filter by name, id, address or system",
    nodes: "Nodes",
    noNode: "No node matches what you typed.",
    nodeHint: "↑ ↓ and Enter choose. The tab keeps to the choice when it is started again.",
    /** The service's words for how it hears of a node's agent. */
    ping: (status: string | null) =>
      status === "Online"
        ? "Online"
        : status === "ConnectionLost"
          ? "Connection lost"
          : status === "Inactive"
            ? "Inactive"
            : (status ?? "Unknown"),
    reasonTitle: (connection: string) => `Why do you connect to ${apart(connection)}?`,
    reasonLead: "The connection asks for a reason. It is kept in the account's session history.",
    reasonLabel: "Reason",
    reasonMissing: "Say why you connect.",
    whole: "Kept as",
    left: (left: number, most: number) =>
      `${plural(Math.max(0, left), "character", "characters")} left of ${String(most)}.`,
    tooLong: (most: number) => `The answer may have ${plural(most, "character", "characters")} at most.`,
    start: "Start session",
    cancel: "Cancel",
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
    open: "Recordings",
    stop: "Stop recording",
    on: "Recording",
    nothingLive: "There is no open session to record here.",
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

  desktop: {
    menu: "Menu",
    sections: { file: "File", edit: "Edit", view: "View", tab: "Tab", help: "Help" },
    /** What only the menu does; the rest is named under `actions`. */
    actions: {
      newProfile: "New profile…",
      import: "Import profiles…",
      export: "Export profiles…",
      aws: "AWS configuration…",
      firstSignIn: "Sign in to IAM Identity Center…",
      quit: "Quit",
      about: "About Sessiondeck",
    },

    quitTitle: "Quit Sessiondeck?",
    quitText: (open: number) =>
      `${plural(open, "session is", "sessions are")} open. Quitting ends ${open === 1 ? "it" : "them"}, and what runs there with ${open === 1 ? "it" : "them"}.`,
    quitSessions: "Open sessions",
    quitMore: (count: number) => `and ${count.toLocaleString("en")} more`,
    quitYes: "End and quit",
    quitNo: "Stay",

    aboutTitle: "About Sessiondeck",
    aboutText: "A desktop client for AWS Systems Manager Session Manager.",
    aboutVersion: (version: string, platform: string) => `Version ${version}, ${platform}`,
    aboutOwn: "Not made or endorsed by Amazon Web Services.",
    aboutLicence: "Licensed under the Apache License 2.0.",
    aboutParts: "Built with",
    aboutPage: "Session Manager’s documentation",
    aboutLicencePage: "Apache License 2.0",
    close: "Close",

    exported: (count: number, file: string) =>
      `${plural(count, "profile was", "profiles were")} written to ${apart(file)}. It holds no secrets.`,
  },

  deepLink: {
    title: "A link asks to connect",
    lead: "Go on only if you expected it. Nothing has been opened yet.",
    refusedTitle: "This link cannot be used",
    target: "Target",
    region: "Region",
    awsProfile: "AWS profile",
    document: "Session document",
    noRegion: "What the AWS profile says",
    noAwsProfile: "Default credentials",
    noDocument: "The account’s default shell",
    unknownAwsProfile: "There is no AWS profile of this name on this computer.",
    several: "It names several of your profiles:",
    matches: "You have saved profiles for this target:",
    same: "The same as the link asks for.",
    difference: (field: LinkField, saved: string | null, linked: string | null) => {
      const names = { region: "Region", awsProfile: "AWS profile", document: "Session document" };
      return `${names[field]}: ${apart(saved ?? "none")} here, ${apart(linked ?? "none")} in the link.`;
    },
    connect: "Connect",
    connectTo: (name: string) => `Connect to ${apart(name)}`,
    connectOnce: "Connect once",
    save: "Save as profile…",
    cancel: "Cancel",
    close: "Close",
  },

  import: {
    title: "Import profiles",
    open: "Import from other tools…",
    from: "From",
    sources: {
      awsConfig: "AWS configuration",
      sshConfig: "SSH configuration",
      csv: "Table (CSV)",
      awsGate: "aws-gate",
      commands: "Commands",
      team: "Sessiondeck or team file",
    } satisfies Record<ImportSource, string>,
    help: {
      awsConfig: "A profile for each AWS profile on this computer; each still needs a target.",
      sshConfig: "Hosts whose ProxyCommand runs aws ssm start-session.",
      csv: "A header with name and target; profile, region, folder and tags where you like.",
      awsGate: "The hosts of an aws-gate configuration.",
      commands: "Lines with aws ssm start-session or gossm: aliases, scripts, a shell’s history.",
      team: "What was exported here, or a file that a team shares.",
    } satisfies Record<ImportSource, string>,
    usual: (file: string) => `Look into ${file}`,
    notFound: "Nothing was found where such files usually are.",
    choose: "Choose a file…",
    text: "Or paste its text",
    look: "Look at the text",
    looking: "Reading…",
    safe: "Nothing is added before you have seen it, and secrets are never taken over.",
    fromFile: (file: string) => `From ${apart(file)}`,
    fromText: "From the text that you pasted",
    summary: (fresh: number, there: number, unusable: number) =>
      [
        `${fresh.toLocaleString("en")} new`,
        `${there.toLocaleString("en")} already there`,
        `${unusable.toLocaleString("en")} cannot be used`,
      ].join(", "),
    nothing: "There is nothing in it that could be added.",
    all: "All that are new",
    items: "Profiles found",
    line: (line: number) => `line ${line.toLocaleString("en")}`,
    needsTarget: "needs a target",
    savedAs: (name: string) => `already there as ${apart(name)}`,
    earlier: (name: string) => `the same as ${apart(name)} above`,
    skipped: "Cannot be used",
    folder: "Into the folder",
    folderPlaceholder: "Top level",
    add: (count: number) => (count === 0 ? "Add" : `Add ${plural(count, "profile", "profiles")}`),
    adding: "Adding…",
    back: "Back",
    cancel: "Cancel",
    added: (count: number) => `${plural(count, "profile was", "profiles were")} added.`,
    undo: "Undo",
    undone: "The import was taken back.",
  },

  tabs: {
    closed: (name: string, count: number) =>
      count === 1 ? `Closed ${apart(name)}` : `Closed ${plural(count, "tab", "tabs")}`,
    undo: "Undo",
    pin: "Pin tab",
    unpin: "Unpin tab",
    pinned: "pinned",
    panes: (count: number) => plural(count, "pane", "panes"),
    name: "Tab name",
    rename: "Rename tab…",
    divider: "Divider between panes",
    searchPlaceholder: "Name, id, region or title",
    searchNone: "No tab matches.",
    closeTitle: (count: number) => `Close ${plural(count, "tab", "tabs")}?`,
    closeText: (live: number) => `${plural(live, "session is", "sessions are")} open in there and will end:`,
    closeYes: (count: number) => (count === 1 ? "Close tab" : "Close tabs"),
    closeNo: "Keep",
    cancel: "Cancel",
    idle: "From last time. Press Enter to start.",
    idleState: "Not started",
    start: "Start",
    startAll: "Start all",
    production: "Production",
    broadcastTitle: "Type into several panes",
    broadcastText: "What you type or paste in one of them goes to all of them.",
    broadcastTab: "This tab",
    broadcastAll: "All tabs",
    broadcastProduction: (count: number) =>
      `${plural(count, "pane leads", "panes lead")} into production. What you type runs there, too.`,
    broadcastStart: (count: number) => `Type into ${plural(count, "pane", "panes")}`,
    broadcastOn: (count: number) => `Typing into ${plural(count, "pane", "panes")}`,
    broadcastOff: "Typing into one pane again",
    broadcastStop: "Stop",
    resumes: (count: number) => plural(count, "resume", "resumes"),
    roundTrip: (ms: number) => `${ms.toLocaleString("en")} ms`,
    roundTripLabel: "Round trip to the node",
    region: "Region",
    document: "Document",
    agent: "Agent",
    size: "Size",
    resumesLabel: "Resumed",
    encrypted: "Encrypted with KMS",
    more: "More about this session",
  },

  keys: {
    title: "Keys in the keyring",
    none: "None yet. A connection can use an access key that only the system's keyring holds, in no file.",
    looking: "Asking the keyring…",
    retry: "Try again",
    unlock: "Unlock",
    shortId: (id: string) => `${id.slice(0, 4)}…${id.slice(-4)}`,
    inKeyring: "in the keyring",
    thisRun: "for this run only",
    add: "Add keys",
    replace: "Replace",
    replaceOf: (name: string) => `Replace the keys ${name}`,
    delete: "Delete",
    deleteOf: (name: string) => `Delete the keys ${name}`,
    deleteTitle: (name: string) => `Delete the keys ${apart(name)}?`,
    deleteText: (name: string) =>
      `Connections with the credentials keyring:${name} then find none. The access key itself stays valid at AWS.`,
    deleteNo: "Keep",
    name: "Name",
    accessKeyId: "Access key ID",
    secret: "Secret access key",
    token: "Session token (temporary keys only)",
    keep: "Keep",
    keeping: "Keeping…",
    kept: (name: string) => `The keys ${apart(name)} are kept.`,
    cancel: "Cancel",
    again: "The secret was not kept: type it again.",
    notKept: (name: string) => `The keys ${apart(name)} are not kept yet.`,
    notKeptHelp:
      "They wait in memory. For this run only, they are gone when Sessiondeck ends; no file holds them.",
    keepForThisRun: "Keep for this run only",
    tryKeyring: "Try the keyring again",
    drop: "Discard",
  },

  /** One name for each action: in menus, among the keys and in the palette. */
  actions: {
    groups: { tabs: "Tabs", panes: "Panes", terminal: "Terminal", window: "Window" },
    newTab: "New tab",
    closeTab: "Close pane or tab",
    reopenTab: "Reopen closed tab",
    searchTabs: "Search tabs",
    renameTab: "Rename tab",
    pinTab: "Pin or unpin tab",
    closeOthers: "Close other tabs",
    closeToRight: "Close tabs to the right",
    startAll: "Start all sessions from last time",
    splitRight: "Split right",
    splitDown: "Split down",
    focusPane: {
      left: "Focus pane on the left",
      right: "Focus pane on the right",
      up: "Focus pane above",
      down: "Focus pane below",
    },
    zoomPane: "Zoom pane",
    resizePane: "Resize pane",
    detachPane: "Move pane to a tab of its own",
    toggleBroadcast: "Type into several panes",
    duplicateTab: "Duplicate tab",
    restart: "Start session again",
    nextTab: "Next tab",
    previousTab: "Previous tab",
    tabNumber: (number: number) => `Go to tab ${number}`,
    lastTab: "Go to last tab",
    moveTabLeft: "Move tab left",
    moveTabRight: "Move tab right",
    copy: "Copy",
    paste: "Paste",
    selectAll: "Select all",
    clear: "Clear scrollback",
    scrollToTop: "Scroll to top",
    scrollToBottom: "Scroll to bottom",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    zoomReset: "Reset zoom",
    toggleRecording: "Record this session",
    showRecordings: "Recordings",
    toggleSidebar: "Show or hide sidebar",
    fullScreen: "Full screen",
    showSettings: "Settings",
    nextRegion: "Focus next part of the window",
    previousRegion: "Focus previous part of the window",
  },

  palette: {
    show: "Command palette",
    connect: "Quick connect",
    field: "Search connections, tabs, actions and settings",
    placeholder: "Connect to…  A name, a tab or a target; > for actions",
    results: "Results",
    kinds: {
      recent: "Recent",
      tab: "Open tabs",
      profile: "Connections",
      action: "Actions",
      setting: "Settings",
      target: "New",
    },
    kind: { tab: "Open tab", profile: "Connection", action: "Action", setting: "Setting", target: "New" },
    newProfileFor: (target: string) => `New profile for ${target}`,
    notNow: "not possible now",
    none: (typed: string) => `Nothing matches “${apart(typed)}”.`,
    noneHint: "A target such as i-0123456789abcdef0 makes a new profile.",
    count: (shown: number, total: number) =>
      shown < total
        ? `${shown.toLocaleString("en")} of ${total.toLocaleString("en")}; type more to narrow it`
        : plural(total, "result", "results"),
    enter: "open",
    run: "run",
    split: "beside",
    background: "in the background",
    opened: (name: string) => `Opened ${apart(name)} in the background.`,
  },

  settings: {
    title: "Settings",
    search: "Search settings",
    noMatch: (typed: string) => `No setting matches “${apart(typed)}”.`,
    openFile: "Open settings.toml",
    close: "Close",
    reset: (name: string) => `Reset ${name} to its default`,
    changed: "Changed",
    nav: "Sections",
    problems: "Not everything in the settings file counts",
    place: (line: number) => `Line ${line}:`,
    outOfRange: (min: number, max: number) => `A number from ${min} to ${max}.`,
    needsText: "This cannot be empty.",
    bundledFont: "JetBrains Mono (bundled)",
    showFonts: "Show fonts",
    sections: {
      appearance: "Appearance",
      themes: "Colour themes",
      text: "Text and cursor",
      terminal: "Terminal",
      tabs: "Tabs",
      notifications: "Notifications",
      recording: "Recording",
      keys: "Keys",
    },
    choices: {
      appearance: { system: "As the system", light: "Light", dark: "Dark" },
      language: { system: "As the system", en: "English" },
      cursorStyle: { block: "Block", bar: "Bar", underline: "Underline" },
      rightClick: { menu: "Open the menu", paste: "Paste", copyOrPaste: "Copy a selection, else paste" },
      pasteGuard: { risky: "When it could do harm", always: "Always", never: "Never" },
      clipboardWrite: { ask: "Ask", allow: "Allow", deny: "Refuse" },
      bell: { none: "Mark the tab", visual: "Flash", sound: "Sound" },
      renderer: { auto: "Automatic", webgl: "WebGL", dom: "DOM" },
    },
    items: {
      appearance: ["Window", "Light, dark, or as the system says."],
      themeLight: ["Light theme", "The terminal’s colours while the window is light."],
      themeDark: ["Dark theme", "The terminal’s colours while the window is dark."],
      reducedMotion: ["Reduce motion", "Nothing moves or fades, whatever the system says."],
      language: ["Language", "The language of the window."],
      "terminal.fontFamily": ["Font", "A font of this computer whose characters all have one width."],
      "terminal.fontSize": ["Font size", "In pixels. The zoom of a window stays on top of it."],
      "terminal.lineHeight": [
        "Line height",
        "As a multiple of the font’s own. Above 1, box drawings may show gaps.",
      ],
      "terminal.letterSpacing": ["Letter spacing", "In pixels, between characters."],
      "terminal.fontWeight": ["Font weight", "From 100 (thin) to 900 (black)."],
      "terminal.ligatures": ["Ligatures", "Draws pairs such as => as one sign, where the font has them."],
      "terminal.minimumContrast": [
        "Least contrast",
        "Text that is harder to read is made lighter or darker. 4.5 suits most; 1 leaves colours alone.",
      ],
      "terminal.cursorStyle": ["Cursor", "Its shape."],
      "terminal.cursorBlink": ["Blinking cursor", "Costs some power while it blinks."],
      "terminal.scrollback": ["Scrollback", "Lines that each terminal keeps above its screen."],
      "terminal.scrollbackBudgetMb": [
        "Scrollback in all",
        "Megabytes for all terminals together. The oldest hidden ones are shortened first.",
      ],
      "terminal.copyOnSelect": ["Copy on select", "What you select is on the clipboard at once."],
      "terminal.rightClick": ["Right click", "What it does in a terminal."],
      "terminal.pasteGuard": [
        "Ask before pasting",
        "Several lines, control characters and hidden characters could do harm.",
      ],
      "terminal.clipboardWrite": [
        "Clipboard from sessions",
        "Whether programs in a session may put text on your clipboard. They can never read it.",
      ],
      "terminal.wordSeparators": ["Word separators", "Where a double click ends a word."],
      "terminal.bell": ["Bell", "What happens when a program rings. The tab is marked in any case."],
      "terminal.images": ["Images", "Draws pictures that programs send, within small limits."],
      "terminal.renderer": ["Drawing", "How terminals are drawn. WebGL is quicker where it works."],
      "terminal.screenReader": ["Screen reader", "Tells output to assistive technology."],
      "tabs.restoreLayout": ["Restore tabs", "The next start opens the tabs that were open."],
      "tabs.confirmCloseLive": ["Ask before closing", "When a session in the tab is still live."],
      "tabs.newTabNextToCurrent": ["New tab beside the current", "Otherwise it opens at the end."],
      "notifications.enabled": [
        "Notifications",
        "Messages through the system while the window is in the back.",
      ],
      "notifications.longCommandSeconds": [
        "Long commands",
        "Tells when a command ends that took longer than so many seconds.",
      ],
      "notifications.onSilence": ["Silence", "Tells when a busy terminal falls silent."],
      "recording.byDefault": ["Record every session", "A red dot shows while a session is recorded."],
      "recording.retentionDays": ["Keep recordings", "Days until a recording is deleted."],
      "recording.maxTotalMb": ["Space for recordings", "Megabytes in all; the oldest go first."],
    } satisfies Record<string, readonly [name: string, description: string]>,
    themes: {
      intro: "Choose a theme for the present look of the window, or bring your own.",
      use: (name: string) => `Use ${name}`,
      inUse: "In use",
      by: (credit: string) => `by ${credit}`,
      imported: "imported",
      remove: (name: string) => `Delete theme ${name}`,
      saved: (name: string) => `${apart(name)} was saved.`,
      importTitle: "Import a theme",
      importText:
        "iTerm2, base16, base24, Windows Terminal or Gogh: choose or drop a file, or paste its text here.",
      importLabel: "Text of a colour scheme",
      chooseFile: "Choose file",
      save: (name: string) => `Save ${name}`,
      problems: {
        tooLarge: "This is too long for a colour scheme.",
        unknown: "This is no colour scheme of a kind that is known here.",
        incomplete: "This scheme lacks colours, or what it has are none.",
      },
      contrast: (ratio: number) => `${ratio.toFixed(1)} : 1`,
      grades: { good: "easy to read", large: "for large text only", poor: "hard to read" },
      report: (poor: number) =>
        poor === 0
          ? "Every colour can be read well."
          : `${plural(poor, "colour is", "colours are")} hard to read on this background.`,
    },
    keyEditor: {
      preset: ["Preset", "What the keys are where you have set nothing."],
      presets: { sessiondeck: "Sessiondeck", browser: "Browser keys", iterm2: "iTerm2" },
      add: (name: string) => `Add a key for ${name}`,
      remove: (chord: string, name: string) => `Remove ${chord} from ${name}`,
      none: "No key",
      own: "set by you",
      press: "Press the keys…",
      cancelHint: "Escape cancels.",
      resetAll: "Reset all keys",
      sent: "Sent to the session",
      sentText: "These keys do nothing here and go to the shell.",
      giveBack: (chord: string) => `Take ${chord} back`,
      send: "Send a key to the session",
      refused: {
        types: "This key types a character.",
        shell: "The shell needs this key.",
        altGr: "Ctrl+Alt is AltGr on many keyboards and types characters.",
        system: "The system keeps this key for itself.",
        shellToo: "Some shells and programs use this key, too.",
        inputMethod: "Input methods of Linux desktops use this key.",
      },
      taken: (chord: string, name: string) => `${chord} was ${name} before and is not any more.`,
      group: (name: string) => `${name} keys`,
    },
  },

  terminal: {
    find: "Find…",
    findLabel: "Find in the terminal",
    matchCase: "Match case",
    wholeWord: "Whole words",
    regularExpression: "Regular expression",
    next: "Next match",
    previous: "Previous match",
    closeFind: "Close search",
    count: (current: number, count: number, more: boolean) =>
      `${current.toLocaleString("en")} of ${count.toLocaleString("en")}${more ? "+" : ""}`,
    none: "No matches",
    searching: "Searching…",
    invalid: (message: string) => (message === "" ? "Not a regular expression" : message),
    endless: "Repeats within repeats could take forever",
    readOnly: "Read-only",
    unlock: "Allow typing",
    lock: "Make read-only",
    locked: "The terminal is read-only.",
    unlocked: "The terminal takes input again.",
    refused: "This terminal is read-only. Nothing was sent.",
    previousPrompt: "Previous prompt",
    nextPrompt: "Next prompt",
    links: "Links on screen",
    noLinks: "There are no web addresses on the screen.",
    openLink: (host: string) => `Open ${host}`,
    copyLink: "Copy address",
    address: "Address",
    readText: "Read as text",
    readTitle: "Terminal as text",
    close: "Close",
    saveText: "Save as text",
    saved: (file: string) => `Saved as ${file}.`,
    copyAll: "Copy all",
    scrollback: "Terminal text",
    reset: "Reset terminal",
    farTitle: (name: string) => `May ${apart(name)} use the clipboard?`,
    farText:
      "It wants to put this text there. It can never read what you copied. The answer holds until Sessiondeck ends.",
    farYes: "Allow",
    farNo: "Deny",
    farCopied: (count: number, name: string) =>
      `${plural(count, "character", "characters")} copied by ${apart(name)}.`,
  },

  firstSignIn: {
    open: "Sign in to IAM Identity Center",
    wayTitle: "Sign in to your company’s AWS",
    wayText:
      "With IAM Identity Center: type your start URL, sign in with the browser, and choose an account and a role.",
    wayButton: "Sign in",
    lead: "Your administrator gave you the start URL; it is also the address of your AWS access portal. Only address and region are remembered, nothing secret.",
    startUrl: "Start URL",
    startUrlPlaceholder: "https://my-company.awsapps.com/start",
    region: "Region of IAM Identity Center",
    regionPlaceholder: "eu-west-1",
    browser: "Sign in with the browser",
    code: "With a code",
    cancel: "Cancel",
    typed: "typed here",
    accounts: "Accounts",
    accountsOf: (label: string) => `Accounts of ${label}`,
    forget: "Forget",
    forgetOf: (label: string) => `Forget the sign-in ${label}`,
    forgotten: (label: string) => `The sign-in ${apart(label)} is forgotten.`,

    chooseTitle: (label: string) => `Accounts of ${apart(label)}`,
    chooseLead: "Choose the roles that you want AWS profiles for.",
    search: "Search accounts",
    searchPlaceholder: "Name, id or e-mail address",
    loading: "Asking for your accounts…",
    none: "This sign-in opens no account. Ask your administrator to assign one to you.",
    noMatch: "No account matches.",
    count: (shown: number, all: number) =>
      shown === all
        ? plural(all, "account", "accounts")
        : `${shown.toLocaleString("en")} of ${plural(all, "account", "accounts")}`,
    unnamed: "Account without a name",
    loadingRoles: "Asking for the roles…",
    noRoles: "You have no role in this account.",
    roles: (account: string) => `Roles in ${apart(account)}`,
    retry: "Try again",
    chosenHere: (count: number) => `${count} chosen`,
    back: "Back",
    next: "Next",
    nextCount: (count: number) => `Next: ${plural(count, "profile", "profiles")}`,

    addTitle: "New AWS profiles",
    addLead: "A profile names a role in an account for every AWS tool on this computer.",
    name: (role: string, account: string) => `Name of the profile for ${apart(role)} in ${apart(account)}`,
    profileRegion: "Region that you work in",
    problems: {
      missing: "Give it a name.",
      form: "Use letters, digits and . _ - + @ / : % only.",
      long: "Use at most 128 characters.",
      taken: "There is an AWS profile of this name already.",
      twice: "Another of these has this name.",
    } satisfies Record<NameProblem, string>,
    lines: (file: string) => `These lines are added to ${file}`,
    linesNew: (file: string) => `The file ${file} is made with these lines`,
    linesSafe: "Nothing that is in the file changes.",
    add: (count: number) => `Add ${plural(count, "profile", "profiles")}`,
    adding: "Adding…",
    added: (count: number, file: string) =>
      `${plural(count, "AWS profile", "AWS profiles")} added to ${file}.`,
  },

  failure: "Sessiondeck could not start.",
} as const;
