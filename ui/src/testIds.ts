/**
 * Names by which tests find things, in `data-testid`. They are part of the page's contract with the end-to-end tests.
 *
 * A terminal's element (`terminal`) also tells, at most 100 ms late:
 * - `data-cols`, `data-rows`: its size in cells;
 * - `data-bytes`: how many bytes of the present session's output it has parsed;
 * - `data-digest`: their CRC-32 (IEEE, as in zlib) as eight hexadecimal digits;
 * - `data-state`: `connecting`, `open` or `ended`.
 *
 * What is on the screen is read from the DOM renderer's rows: `[data-testid=terminal] .xterm-rows > div`, one per row.
 * That renderer is the one on Linux. Elsewhere WebGL draws, and there are no rows to read.
 */
export const testIds = {
  sidebar: "sidebar",
  sidebarToggle: "sidebar-toggle",
  filter: "profile-filter",
  newProfile: "new-profile",
  profileList: "profile-list",
  /** Each profile's row, with `data-profile-id` and `data-profile-name`. */
  profileRow: "profile-row",
  profileMenuButton: "profile-menu-button",
  menuOpen: "menu-open",
  menuEdit: "menu-edit",
  menuDuplicate: "menu-duplicate",
  menuDelete: "menu-delete",
  storeNotice: "store-notice",

  profileForm: "profile-form",
  fieldName: "field-name",
  fieldAwsProfile: "field-aws-profile",
  fieldRegion: "field-region",
  fieldTarget: "field-target",
  fieldDocument: "field-document",
  fieldReason: "field-reason",
  formMore: "form-more",
  formSave: "form-save",
  formCancel: "form-cancel",
  formError: "form-error",
  confirmDelete: "confirm-delete",
  confirmDeleteYes: "confirm-delete-yes",
  confirmDeleteNo: "confirm-delete-no",

  startPage: "start-page",
  startDemo: "start-demo",
  startNewProfile: "start-new-profile",
  startCard: "start-card",

  /** Each tab's content, with `data-tab-id`, `data-state` and, where so, `data-unseen` and `data-bell`. */
  tab: "tab",
  tabTitle: "tab-title",
  tabRemoteTitle: "tab-remote-title",
  tabClose: "tab-close",
  newTab: "new-tab",
  tabList: "tab-list",

  /** The whole of a session's tab, with `data-tab-id` and `data-state`. */
  session: "session",
  terminal: "terminal",
  connecting: "connecting",
  connectingPhase: "connecting-phase",
  connectingCancel: "connecting-cancel",
  /** What keeps a session from being used; `pasting` and `silence` may stand beside another. */
  reconnecting: "reconnecting",
  waitingForSignIn: "waiting-for-sign-in",
  silence: "silence",
  pasting: "pasting",
  retryNow: "retry-now",
  giveUp: "give-up",
  cancelPaste: "cancel-paste",
  timelineButton: "timeline-button",
  timeline: "timeline",
  /** What an earlier run left open at the service. */
  orphans: "orphans",
  orphansEnd: "orphans-end",
  orphansLeave: "orphans-leave",
  ended: "ended",
  endedMessage: "ended-message",
  endedRemedy: "ended-remedy",
  endedDetail: "ended-detail",
  endedCopyDetail: "ended-copy-detail",
  endedRestart: "ended-restart",
  notice: "session-notice",
  noticeDismiss: "session-notice-dismiss",

  statusBar: "status-bar",
  statusProfile: "status-profile",
  statusTarget: "status-target",
  statusSession: "status-session",
  statusAgent: "status-agent",
  statusSize: "status-size",
  /** Who the credentials make one; `data-arn` tells in full. */
  statusCaller: "status-caller",
  statusState: "status-state",

  /** What the machine's AWS configuration offers. The button is in the sidebar, the line on the start page. */
  awsOpen: "aws-open",
  startAws: "start-aws",
  awsDialog: "aws-dialog",
  /** Each AWS profile, with `data-name` and `data-kind`. */
  awsProfile: "aws-profile",
  /** Each sign-in, with `data-label` and `data-signed-in`. */
  awsSignIn: "aws-sign-in",
  awsSignInButton: "aws-sign-in-button",
  awsSignOutButton: "aws-sign-out-button",
  awsProblem: "aws-problem",
  awsEmpty: "aws-empty",
  awsClose: "aws-close",

  /** What only the person can give. A sign-in also has `data-step`: `none`, or the step's kind. */
  signInDialog: "sign-in-dialog",
  signInBrowser: "sign-in-browser",
  signInCode: "sign-in-code",
  signInOpen: "sign-in-open",
  signInCopy: "sign-in-copy",
  signInUserCode: "sign-in-user-code",
  mfaDialog: "mfa-dialog",
  mfaCode: "mfa-code",
  mfaSend: "mfa-send",
  questionCancel: "question-cancel",
  questionProblem: "question-problem",

  pasteDialog: "paste-dialog",
  pasteText: "paste-text",
  pasteConfirm: "paste-confirm",
  pasteCancel: "paste-cancel",
  linkDialog: "link-dialog",
  linkConfirm: "link-confirm",
  linkCancel: "link-cancel",

  recordings: "recordings",
  recordingsList: "recordings-list",
  recordingDelete: "recording-delete",
  player: "player",
  playerToggle: "player-toggle",
  playerTime: "player-time",
  playerFind: "player-find",
  playerHits: "player-hits",

  toast: "toast",
  liveRegion: "live-region",
} as const;
