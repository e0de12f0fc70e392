/**
 * The backend's part played inside the page, for plain browsers: tests, screenshots and work on the views. Everything
 * is in memory. `?scene=` in the address chooses what it holds; see {@link SCENES}.
 */
import type { Ended } from "../generated/Ended";
import type { Orphan } from "../generated/Orphan";
import type { Profile } from "../generated/Profile";
import type { QuestionAbout } from "../generated/QuestionAbout";
import type { SessionEvent } from "../generated/SessionEvent";
import type { SessionState } from "../generated/SessionState";
import type { StoreNotice } from "../generated/StoreNotice";
import type { TerminalSize } from "../generated/TerminalSize";
import type { TimelineEntry } from "../generated/TimelineEntry";
import { encodeBase64 } from "./base64";
import { EMPTY_DRAFT } from "../model/profiles";
import { createDemoRecordings } from "./demoRecordings";
import { DemoCredentials } from "./demoCredentials";
import { DemoDesktop } from "./demoDesktop";
import { DemoProfiles, type Seed } from "./demoProfiles";
import { nodeQuestion, reasonQuestion, RULES } from "./demoAsking";
import { DemoKeys } from "./demoKeys";
import { demoSettings } from "./demoSettings";
import { DemoShell, type Hindrance } from "./demoShell";
import { type Host, HostError } from "./host";

const draft = (name: string, more: Partial<Seed> = {}): Seed => ({
  ...EMPTY_DRAFT,
  name,
  target: "i-0123456789abcdef0",
  ...more,
});

const TEAM: readonly Seed[] = [
  draft("api-1 production", {
    awsProfile: "prod",
    region: "eu-west-1",
    target: "i-0a1b2c3d4e5f60718",
    colour: "red",
  }),
  draft("api-2 production", {
    awsProfile: "prod",
    region: "eu-west-1",
    target: "i-0a1b2c3d4e5f60719",
    colour: "red",
  }),
  draft("Postgres replica", {
    awsProfile: "prod",
    region: "eu-central-1",
    target: "i-0fedcba9876543210",
    colour: "orange",
  }),
  draft("Build runner", {
    awsProfile: "ci",
    region: "us-east-1",
    target: "mi-0123456789abcdef0",
    colour: "teal",
  }),
  draft("Checkout container", {
    awsProfile: "staging",
    region: "eu-west-1",
    target: "ecs:shop_0123456789abcdef0123456789abcdef_0123456789abcdef0123456789abcdef-1234567890",
    colour: "purple",
  }),
  draft("Retired host", {
    awsProfile: "staging",
    region: "eu-west-1",
    target: "i-00000000000000bad",
    colour: "blue",
  }),
  draft("Slow to answer", { awsProfile: "staging", region: "ap-southeast-2", target: "i-0000000000000510" }),
];

/** Connections that ask for something first; two of them for the same sign-in. */
const ASKING: readonly Seed[] = [
  draft("Sandbox shell", { awsProfile: "sandbox", region: "us-west-2", colour: "green" }),
  draft("Sandbox database", { awsProfile: "sandbox", region: "us-west-2", colour: "green" }),
  draft("Production admin", { awsProfile: "prod-admin", region: "eu-west-1", colour: "red" }),
  draft("Build runner", { awsProfile: "ci", region: "us-east-1", colour: "teal" }),
];

/** Names and ids at the edges of what there may be, and many of them. */
const CROWD: readonly Seed[] = [
  draft("Payments production, primary database of the European region, maintenance window only", {
    region: "eu-central-1",
    target: "i-0a1b2c3d4e5f60718",
    colour: "red",
  }),
  draft("ConfigurationManagementDatabaseReplicationControllerNumberTwelve", {
    region: "us-gov-east-1",
    target: "mi-0123456789abcdef0",
    colour: "orange",
  }),
  draft("خادم الإنتاج (2)", { region: "me-south-1", colour: "green" }),
  draft("שרת בדיקות staging-7", { region: "il-central-1", colour: "teal" }),
  draft("東京リージョンの踏み台サーバー本番環境一号機", { region: "ap-northeast-1", colour: "blue" }),
  draft("결제 서버 😀", { region: "ap-northeast-2", colour: "purple" }),
  draft("x", { colour: "pink" }),
  draft("Zażółć gęślą jaźń", { region: "eu-north-1", colour: "yellow" }),
  ...Array.from({ length: 22 }, (_, index) =>
    draft(`worker-${String(index + 1).padStart(2, "0")}.batch.eu-west-1.example`, {
      region: "eu-west-1",
      target: `i-0a1b2c3d4e5f6${String(7000 + index)}`,
    }),
  ),
];

/** A tree with everything that there can be in it. */
const TREE: readonly Seed[] = [
  draft("Bastion", {
    awsProfile: "prod",
    region: "eu-west-1",
    favourite: true,
    environment: "production",
    colour: "red",
  }),
  draft("Scratch box", { awsProfile: "sandbox", region: "us-west-2", tags: ["throwaway"] }),
  draft("web-2", {
    folder: "Shop/Web",
    target: "tag:Role=web,Stage=prod",
    region: "eu-west-1",
    environment: "production",
    colour: "red",
    tags: ["nginx"],
  }),
  draft("web-10", {
    folder: "Shop/Web",
    target: "asg:shop-web",
    region: "eu-west-1",
    environment: "staging",
    colour: "orange",
    tags: ["nginx"],
  }),
  draft("Postgres primary", {
    folder: "Shop/Data",
    target: "name:db-1",
    region: "eu-central-1",
    environment: "production",
    colour: "red",
    notes: "Replica lag alarm: ask Ana.",
    user: "postgres",
  }),
  draft("Build runner", {
    folder: "Tools",
    target: "mi-0123456789abcdef0",
    region: "us-east-1",
    environment: "development",
    colour: "teal",
  }),
  draft("Jump host", {
    folder: "Platform",
    team: "Platform",
    target: "name:jump",
    region: "eu-west-1",
    environment: "test",
    colour: "blue",
  }),
  draft("Cluster admin", {
    folder: "Platform",
    team: "Platform",
    target: "name:admin",
    region: "eu-west-1",
    environment: "production",
    colour: "purple",
  }),
];

/** As many as anybody has. */
const THOUSANDS: readonly Seed[] = Array.from({ length: 5_000 }, (_, index) =>
  draft(`node-${index + 1}`, {
    folder: `Region ${index % 20}/Stage ${index % 5}`,
    region: "eu-west-1",
    target: `i-0a1b2c3d4e5f6${String(1000 + index).slice(-4)}`,
    tags: index % 7 === 0 ? ["seventh"] : [],
    ...(index % 10 === 0 ? { environment: "production", colour: "red" as const } : {}),
  }),
);

/** What the page can be opened with. */
const SCENES: Readonly<
  Record<string, { profiles: readonly Seed[]; notices: readonly StoreNotice[]; orphans?: readonly Orphan[] }>
> = {
  first: { profiles: [], notices: [] },
  team: { profiles: TEAM, notices: [] },
  damaged: {
    profiles: TEAM,
    notices: [
      {
        kind: "damaged",
        keptAs: "/home/ana/.config/sessiondeck/profiles.damaged-20261124.json",
        problem: "It ends in the middle of a profile, at line 41.",
        restored: 7,
      },
    ],
  },
  crowd: { profiles: CROWD, notices: [] },
  thousands: { profiles: THOUSANDS, notices: [] },
  orphans: {
    profiles: TEAM,
    notices: [],
    orphans: ["api-1 production", "Postgres replica"].map((name, index) => ({
      sessionId: `ana-0c9f4ab1d27e8f35${index}`,
      name,
      target: "i-0a1b2c3d4e5f60718",
      startedMs: Date.UTC(2026, 10, 24, 9, 12 + index),
    })),
  },
  tree: { profiles: TREE, notices: [] },
  asking: { profiles: ASKING, notices: [] },
  rules: { profiles: RULES, notices: [] },
  bare: { profiles: [], notices: [] },
  newer: { profiles: TEAM, notices: [{ kind: "newer", schema: 7 }] },
};

/** What the history of a session says of each state. */
const TOLD: Readonly<Record<SessionState["kind"], string>> = {
  connecting: "The data channel was dialled.",
  open: "The session was open.",
  reconnecting: "The service closed the connection (code 1000, “Bye”).",
  waitingForSignIn: "The credentials of “prod” had expired.",
  ended: "The session ended.",
};

/** How long a lost connection takes to come back. */
const OUTAGE_MS = 6_000;

/** Output without credit at which a session waits, as the engine does. */
const HIGH_WATER = 256 * 1024;

const REFUSED: Ended = {
  cause: "refused",
  by: "service",
  message: "i-00000000000000bad is not connected to Systems Manager.",
  remedy: "Check that the instance runs, that its agent is up, and that account and region are right.",
  detail:
    "TargetNotConnected: i-00000000000000bad is not connected. (request 7f1c2d3e-0000-4000-8000-000000000000)",
  exitCode: null,
};

const UNANSWERED: Ended = {
  cause: "refused",
  by: "me",
  message: "There are no credentials: you did not answer what they need.",
  remedy: "Start again to be asked again.",
  detail: null,
  exitCode: null,
};

const UNCHOSEN: Ended = {
  ...UNANSWERED,
  message: "You chose no node, so no session was started.",
  remedy: "Start again to be asked again, or name one of them as the target.",
};

const UNREASONED: Ended = { ...UNANSWERED, message: "You gave no reason, so no session was started." };

const OPEN: SessionState = {
  kind: "open",
  sessionId: "ana-0c9f4ab1d27e8f356",
  agentVersion: "3.3.4121.0",
};

interface DemoSession {
  readonly profile: Profile;
  readonly shell: DemoShell;
  emit: (event: SessionEvent) => void;
  live: boolean;
  /** Bytes of output for which no credit has come back. */
  owed: number;
  readonly timers: ReturnType<typeof setTimeout>[];
  readonly timeline: TimelineEntry[];
  /** The node that its rule led to, once somebody has chosen it. */
  node: string | null;
  /** The question that it waits for. */
  asks: number | null;
  /** The connection is lost: how it comes back. */
  resume: (() => void) | null;
}

export function createDemoHost(parameters: URLSearchParams): Host {
  const scene = SCENES[parameters.get("scene") ?? "first"] ?? { profiles: [], notices: [] };
  const platform = parameters.get("platform") ?? "linux";
  const keys = new DemoKeys(parameters.get("keyring"), parameters.get("scene") === "bare");
  const credentials = new DemoCredentials(
    parameters.get("signin"),
    parameters.get("scene") === "bare",
    parameters.get("accounts"),
  );
  let clipboard = "";
  let lastId = 0;
  const newId = (kind: string) => `${kind}-${++lastId}`;
  const profiles = new DemoProfiles(scene.profiles, scene.notices);
  const sessions = new Map<string, DemoSession>();
  /** Where the rules of closed sessions led. */
  const chosen = new Map<string, string>();

  const find = (id: string): Profile => desktop.passing.find((each) => each.id === id) ?? profiles.find(id);
  const session = (id: string): DemoSession => {
    const found = sessions.get(id);
    if (!found) throw new HostError("unknownSession", "This session is over.");
    return found;
  };
  const state = (to: DemoSession, next: SessionState) => {
    if (!to.live) return;
    to.emit({ kind: "state", state: next });
    to.timeline.push({ atMs: Date.now(), text: TOLD[next.kind] });
    if (next.kind === "ended") {
      to.live = false;
      to.shell.stop();
    }
  };
  const end = (to: DemoSession, ended: Ended) => state(to, { kind: "ended", ended });

  const begin = async (to: DemoSession) => {
    const slow = to.profile.target === "i-0000000000000510";
    const refused = to.profile.target === REFUSED.message.split(" ")[0];
    const step = slow ? 600_000 : 60;
    const later = (after: number, what: () => void) => to.timers.push(setTimeout(what, after));
    state(to, { kind: "connecting", phase: "starting" });
    if (!(await credentials.ready(to.profile))) {
      end(to, UNANSWERED);
      return;
    }
    const ask = async (about: QuestionAbout): Promise<string | null> => {
      const { id, answer } = credentials.askFor(about);
      to.asks = id;
      return answer.finally(() => (to.asks = null));
    };
    const choice = to.node === null ? nodeQuestion(to.profile) : null;
    if (choice) {
      to.node = await ask(choice);
      if (to.node === null) {
        end(to, UNCHOSEN);
        return;
      }
    }
    const reason = reasonQuestion(to.profile);
    if (reason && (await ask(reason)) === null) {
      end(to, UNREASONED);
      return;
    }
    if (refused) {
      later(step, () => end(to, REFUSED));
      return;
    }
    later(60, () => state(to, { kind: "connecting", phase: "connecting" }));
    later(120, () => state(to, { kind: "connecting", phase: "waitingForAgent" }));
    later(120 + step, () => state(to, { kind: "connecting", phase: "handshake" }));
    later(120 + 2 * step, () => {
      state(to, OPEN);
      to.shell.start();
    });
  };

  /** Takes the connection away, for a while or until somebody asks. */
  const hinder = (to: DemoSession, how: Hindrance) => {
    const sinceMs = Date.now();
    const later = (after: number, what: () => void) => to.timers.push(setTimeout(what, after));
    if (how === "quiet") {
      to.emit({ kind: "silence", silence: { kind: "noAnswer", sinceMs } });
      later(OUTAGE_MS, () => to.emit({ kind: "silence", silence: null }));
      return;
    }
    to.resume = () => {
      to.resume = null;
      state(to, OPEN);
    };
    if (how === "expire") {
      const message = "The sign-in of the AWS profile “prod” has expired.";
      state(to, { kind: "waitingForSignIn", sinceMs, message, remedy: "Run aws sso login --profile prod." });
      return;
    }
    const lost = { kind: "reconnecting", sinceMs, cause: TOLD.reconnecting } as const;
    state(to, { ...lost, attempt: 1, nextTryMs: null, failure: null });
    const failure = "ssmmessages.eu-west-1.amazonaws.com could not be found.";
    later(400, () =>
      to.emit({
        kind: "state",
        state: { ...lost, attempt: 2, nextTryMs: sinceMs + OUTAGE_MS, failure },
      }),
    );
    later(OUTAGE_MS, () => to.resume?.());
  };

  const open = (profileId: string, size: TerminalSize, after: string | null) => {
    const profile = find(profileId);
    const id = newId("session");
    const made: DemoSession = {
      profile,
      live: true,
      owed: 0,
      timers: [],
      timeline: [],
      node: (after === null ? null : chosen.get(after)) ?? null,
      asks: null,
      resume: null,
      emit: () => undefined,
      shell: new DemoShell(
        {
          output: (text) => {
            if (!made.live) return;
            const bytes = new TextEncoder().encode(text);
            made.owed += bytes.length;
            made.emit({ kind: "output", data: encodeBase64(bytes) });
          },
          ready: () => made.owed < HIGH_WATER,
          hindered: (how) => hinder(made, how),
          notice: (message) => made.emit({ kind: "notice", message }),
          exited: (exitCode) =>
            end(made, {
              cause: "finished",
              by: "shellExit",
              message: "The shell has exited.",
              remedy: null,
              detail: null,
              exitCode,
            }),
          ended: () =>
            end(made, {
              cause: "service",
              by: "idleTimeout",
              message: "The session reached its idle limit of 20 minutes.",
              remedy: "Start it again, or raise the limit in Session Manager's preferences.",
              detail: "SessionId: ana-0c9f4ab1d27e8f356 : your session timed out due to inactivity.",
              exitCode: null,
            }),
        },
        size,
      ),
    };
    sessions.set(id, made);
    // For tests, which print what no shell would.
    Object.assign(window, {
      emitted: (bytes: string) => {
        made.owed += bytes.length;
        made.emit({ kind: "output", data: btoa(bytes) });
      },
    });
    return { id, event: `session:${id}` };
  };

  // Asynchronous on purpose: what throws rejects, as with the real backend.
  const answer = async <Answer>(make: () => Answer): Promise<Answer> => {
    await Promise.resolve();
    return make();
  };

  const desktop = new DemoDesktop({
    parameters,
    open: () => [...sessions.values()].filter(({ live }) => live).length,
    profiles: () => profiles.list().profiles,
    add: (added) => profiles.add(added),
    remove: (ids) => profiles.remove(ids),
    newId: () => newId("passing"),
  });

  return {
    ...desktop.host(),
    listProfiles: () => answer(() => profiles.list()),
    listenProfiles: (listener) => answer(() => profiles.listen(listener)),
    listenRecents: (listener) => answer(() => profiles.listenRecents(listener)),
    saveProfile: (id, saved, base) => answer(() => profiles.save(id, saved, base)),
    duplicateProfile: (id) => answer(() => profiles.duplicate(id)),
    deleteProfiles: (items) => answer(() => profiles.delete(items)),
    moveProfiles: (items, folder, before) => answer(() => profiles.move(items, folder, before)),
    createFolder: (folder) => answer(() => profiles.createFolder(folder)),
    renameFolder: (folder, name) => answer(() => profiles.renameFolder(folder, name)),
    reviseProfiles: (ids, change) => answer(() => profiles.revise(ids, change)),
    resetProfile: (id) => answer(() => profiles.reset(id)),
    undoProfiles: (undo) => answer(() => profiles.undo(undo)),
    forgetRecents: (id) => answer(() => profiles.forget(id)),
    listKeys: () => keys.listKeys(),
    keepKeys: (typed) => keys.keepKeys(typed),
    keepWaitingKeys: (onlyForThisRun) => keys.keepWaitingKeys(onlyForThisRun),
    dropWaitingKeys: () => keys.dropWaitingKeys(),
    deleteKeys: (name) => keys.deleteKeys(name),
    awsSetup: () => credentials.awsSetup(),
    listenAwsSetup: (listener) => credentials.listenAwsSetup(listener),
    openQuestions: () => credentials.openQuestions(),
    listenQuestions: (listener) => credentials.listenQuestions(listener),
    signIn: (label, withCode) => credentials.signIn(label, withCode),
    signOut: (label) => credentials.signOut(label),
    rememberSignIn: (startUrl, region) => credentials.rememberSignIn(startUrl, region),
    forgetSignIn: (label) => credentials.forgetSignIn(label),
    ssoAccounts: (label) => credentials.ssoAccounts(label),
    ssoRoles: (label, accountId) => credentials.ssoRoles(label, accountId),
    previewAwsProfiles: (wanted) => credentials.previewAwsProfiles(wanted),
    addAwsProfiles: (wanted, seen) => credentials.addAwsProfiles(wanted, seen),
    answerMfa: (id, code) => credentials.answerMfa(id, code),
    answerQuestion: (id, given) => credentials.answerQuestion(id, given),
    cancelQuestion: (id) => credentials.cancelQuestion(id),
    whoAmI: (profileId) => answer(() => credentials.caller(profiles.findOwn(profileId))),
    openSession: (profileId, size, after) => answer(() => open(profileId, size, after)),
    listenSession: (event, listener) =>
      answer(() => {
        const to = session(event.replace(/^session:/, ""));
        to.emit = listener;
        return () => (to.emit = () => undefined);
      }),
    attachSession: (id) =>
      answer(() => {
        profiles.opened(session(id).profile.id);
        void begin(session(id));
      }),
    sendInput: (id, bytes) => answer(() => session(id).shell.input(bytes)),
    interruptSession: (id, { bytes, closing, alwaysClose }) =>
      answer(() => {
        const { shell } = session(id);
        if (alwaysClose) shell.input(closing);
        shell.input(bytes);
      }),
    resizeSession: (id, size) => answer(() => session(id).shell.resize(size)),
    grantCredit: (id, bytes) => answer(() => void (session(id).owed -= bytes)),
    retrySession: (id) => answer(() => session(id).resume?.()),
    giveUpSession: (id) =>
      answer(() =>
        end(session(id), {
          cause: "lost",
          by: "me",
          message: "You gave up reconnecting.",
          remedy: "Start again for a new session; what ran in this one may have ended with it.",
          detail: null,
          exitCode: null,
        }),
      ),
    sessionTimeline: (id) => answer(() => ({ entries: [...session(id).timeline], omitted: 0 })),
    closeSession: (id) =>
      answer(() => {
        const to = session(id);
        for (const timer of to.timers) clearTimeout(timer);
        if (to.asks !== null) void credentials.cancelQuestion(to.asks);
        if (to.node !== null) chosen.set(id, to.node);
        end(to, {
          cause: "closed",
          by: "me",
          message: "You closed the session.",
          remedy: null,
          detail: null,
          exitCode: null,
        });
        sessions.delete(id);
      }),
    findOrphans: () => answer(() => [...(scene.orphans ?? [])]),
    endOrphans: () => answer(() => undefined),
    leaveOrphans: () => answer(() => undefined),
    // Kept by the page, so that a reload is a restart.
    loadLayout: () => answer(() => sessionStorage.getItem("layout")),
    saveLayout: (layout) => answer(() => sessionStorage.setItem("layout", layout)),
    ...demoSettings(parameters.get("settings")),
    ...createDemoRecordings(parameters.get("scene") === "bare"),
    readClipboard: () => answer(() => parameters.get("clipboard") ?? clipboard),
    writeClipboard: (text) => answer(() => void (clipboard = text)),
    openLink: () => answer(() => undefined),
    saveText: (name) => answer(() => `/home/ana/Downloads/${name}.txt`),
    appInfo: () => answer(() => ({ version: "0.1.0", platform })),
  };
}
