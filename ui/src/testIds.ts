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
  /** Each folder's row, with `data-folder`. */
  folderRow: "folder-row",
  /** Favourites and recents, with `data-section`. */
  sectionRow: "section-row",
  /** A profile's row in a section, with `data-profile-id`; its own row is a `profile-row`. */
  profileShortcut: "profile-shortcut",
  /** `data-environment` tells which. */
  environmentBadge: "environment-badge",
  teamBadge: "team-badge",
  treeOptions: "tree-options",
  treeRename: "tree-rename",
  treeFound: "tree-found",
  menuRename: "menu-rename",
  menuMove: "menu-move",
  menuFavourite: "menu-favourite",
  menuNewFolder: "menu-new-folder",
  menuOverride: "menu-override",
  moveDialog: "move-dialog",
  moveFolder: "move-folder",
  moveYes: "move-yes",
  toastAction: "toast-action",
  /** A part of the form below what is seen first, with `data-section`. */
  formSection: "form-section",
  formConflict: "form-conflict",
  formKeepMine: "form-keep-mine",
  formTakeTheirs: "form-take-theirs",
  formTeam: "form-team",
  formOverride: "form-override",
  formOwnCopy: "form-own-copy",
  fieldFolder: "field-folder",
  fieldTags: "field-tags",
  fieldNotes: "field-notes",
  fieldEnvironment: "field-environment",
  fieldUser: "field-user",
  fieldShell: "field-shell",
  fieldKeyring: "field-keyring",
  fieldStartup: "field-startup",
  fieldProxy: "field-proxy",

  nodeDialog: "node-dialog",
  nodeFilter: "node-filter",
  /** Each node that a session can be started on, with its id in `data-key`. */
  nodeChoice: "node-choice",
  reasonDialog: "reason-dialog",
  reasonInput: "reason-input",
  reasonWhole: "reason-whole",
  reasonStart: "reason-start",

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

  /** The settings; each row with `data-key` and, where it is not the default, `data-changed`. */
  settingsOpen: "settings-open",
  settingsDialog: "settings-dialog",
  settingsSearch: "settings-search",
  settingsClose: "settings-close",
  settingsOpenFile: "settings-open-file",
  settingsProblem: "settings-problem",
  settingRow: "setting-row",
  settingControl: "setting-control",
  settingReset: "setting-reset",
  /** Each action's row, with `data-action`. */
  keyRow: "key-row",
  keyAdd: "key-add",
  keyRemove: "key-remove",
  keyCapture: "key-capture",
  themeImportText: "theme-import-text",
  themeImportFile: "theme-import-file",
  themeImportSave: "theme-import-save",

  pasteDialog: "paste-dialog",
  pasteText: "paste-text",
  pasteConfirm: "paste-confirm",
  pasteCancel: "paste-cancel",
  linkDialog: "link-dialog",
  linkConfirm: "link-confirm",
  linkCancel: "link-cancel",

  keysSection: "keys-section",
  keysTrouble: "keys-trouble",
  keysRetry: "keys-retry",
  keysRow: "keys-row",
  keysReplace: "keys-replace",
  keysDelete: "keys-delete",
  keysDeleteDialog: "keys-delete-dialog",
  keysDeleteYes: "keys-delete-yes",
  keysDeleteNo: "keys-delete-no",
  keysAdd: "keys-add",
  keysForm: "keys-form",
  keysName: "keys-name",
  keysId: "keys-id",
  keysSecret: "keys-secret",
  keysToken: "keys-token",
  keysProblem: "keys-problem",
  keysSave: "keys-save",
  keysCancel: "keys-cancel",
  keysWaiting: "keys-waiting",
  keysThisRun: "keys-this-run",
  keysTryAgain: "keys-try-again",
  keysDrop: "keys-drop",

  toast: "toast",
  liveRegion: "live-region",
} as const;
