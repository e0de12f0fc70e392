/** Every view worth looking at, each brought up the way a person would. */
import { inTerminal, linkPlace, openDemo, openPage, paneOpen, type, waitForScreen } from "./page.mjs";

const team = (browser, base, options) => openPage(browser, base, { scene: "team", ...options });
const ended = (page) => page.getByTestId("ended").waitFor();
const openCard = (page, name) => page.getByRole("button", { name: `Open ${name}` }).click();

/** A session that something comes in between of. */
const hindered = (command, shown) => async (browser, base, options) => {
  const opened = await team(browser, base, options);
  await openDemo(opened.page);
  await type(opened.page, "ls");
  await type(opened.page, command);
  await opened.page.getByTestId(shown).waitFor();
  return opened;
};

const asking = (browser, base, { parameters, ...options }) =>
  openPage(browser, base, { scene: "asking", parameters, ...options });

/** A sign-in that a connection waits for, and how far it has come. */
const signIn = (signing, press, step) => async (browser, base, options) => {
  const opened = await asking(browser, base, { ...options, parameters: { signin: signing } });
  const { page } = opened;
  await openCard(page, "Sandbox shell");
  await page.getByTestId("sign-in-dialog").waitFor();
  if (press !== null) await page.getByTestId(press).click();
  await page.locator(`[data-testid=sign-in-dialog][data-step=${step}]`).waitFor();
  return opened;
};

export const VIEWS = {
  "first-run": (browser, base, options) => openPage(browser, base, options),

  "start-page": team,

  orphans: async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "orphans", ...options });
    await opened.page.getByTestId("orphans").waitFor();
    return opened;
  },

  damaged: (browser, base, options) => openPage(browser, base, { scene: "damaged", ...options }),

  terminal: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openDemo(opened.page);
    await type(opened.page, "colours");
    await type(opened.page, "ls");
    await type(opened.page, "wide");
    await waitForScreen(opened.page, "plain red");
    return opened;
  },

  tabs: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    const { page } = opened;
    await openDemo(page);
    await type(page, "bell");
    for (const [index, name] of ["api-1 production", "Postgres replica", "Checkout container"].entries()) {
      await page.keyboard.press("Control+Shift+T");
      await openCard(page, name);
      await inTerminal(page, index + 2);
    }
    await type(page, "exit 3");
    await ended(page);
    await page.keyboard.press("Control+Shift+3");
    await inTerminal(page, 4);
    await type(page, "title deploy running: 3 of 12 nodes done");
    await page.locator("[data-testid=tab][data-bell]").waitFor();
    return opened;
  },

  connecting: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openCard(opened.page, "Slow to answer");
    await opened.page.locator("[data-phase=waitingForAgent]").waitFor();
    return opened;
  },

  reconnecting: hindered("cut", "reconnecting"),

  "waiting-for-sign-in": hindered("expire", "waiting-for-sign-in"),

  silent: hindered("quiet", "silence"),

  history: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openDemo(opened.page);
    await type(opened.page, "expire");
    await opened.page.getByTestId("retry-now").click();
    await opened.page.getByTestId("timeline-button").click();
    await opened.page.getByTestId("timeline").waitFor();
    return opened;
  },

  refused: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openCard(opened.page, "Retired host");
    await ended(opened.page);
    await opened.page.getByRole("button", { name: "Details" }).click();
    return opened;
  },

  finished: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openDemo(opened.page);
    await type(opened.page, "notice");
    await type(opened.page, "exit");
    await ended(opened.page);
    return opened;
  },

  timeout: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openCard(opened.page, "api-1 production");
    await inTerminal(opened.page, 1);
    await type(opened.page, "drop");
    await ended(opened.page);
    return opened;
  },

  crowd: async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "crowd", ...options });
    await opened.page.getByTestId("profile-row").nth(2).hover();
    return opened;
  },

  "crowd-tabs": async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "crowd", ...options });
    const { page } = opened;
    const workers = Array.from({ length: 13 }, (_, index) => `worker-${String(index + 1).padStart(2, "0")}`);
    const names = ["Payments", "Configuration", "خادم", "שרת", "東京", "결제", "Zażółć", ...workers];
    for (const [index, name] of names.entries()) {
      const filter = page.getByTestId("profile-filter");
      if (index === 0 && !(await filter.isVisible())) await page.getByTestId("sidebar-toggle").click();
      // A press ends the claim of the terminal that was just opened.
      await filter.click();
      await filter.fill(name);
      await filter.press("Enter");
      await inTerminal(page, index + 1);
    }
    await page.getByTestId("profile-filter").fill("");
    await page.keyboard.press("Control+Shift+3");
    await inTerminal(page, 20);
    return opened;
  },

  panes: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    const { page } = opened;
    await openCard(page, "Build runner");
    await inTerminal(page, 1);
    await type(page, "colours");
    await page.keyboard.press("Control+Shift+Backslash");
    await paneOpen(page, 2);
    await type(page, "ls");
    await page.keyboard.press("Control+Shift+Quote");
    await paneOpen(page, 3);
    await type(page, "bell");
    return opened;
  },

  broadcast: async (browser, base, options) => {
    const opened = await VIEWS.panes(browser, base, options);
    const { page } = opened;
    await page.keyboard.press("Control+Shift+I");
    await page.getByTestId("broadcast-start").click();
    await page.getByTestId("broadcast-badge").nth(2).waitFor();
    return opened;
  },

  "broadcast-dialog": async (browser, base, options) => {
    const opened = await VIEWS.panes(browser, base, options);
    await opened.page.keyboard.press("Control+Shift+I");
    await opened.page.getByTestId("broadcast-start").waitFor();
    return opened;
  },

  "close-others": async (browser, base, options) => {
    const opened = await VIEWS.tabs(browser, base, options);
    await opened.page.getByTestId("tab").first().click({ button: "right" });
    await opened.page.getByRole("menuitem", { name: "Close other tabs" }).click();
    await opened.page.getByTestId("close-tabs-yes").waitFor();
    return opened;
  },

  "status-facts": async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openCard(opened.page, "Build runner");
    await inTerminal(opened.page, 1);
    await opened.page.getByTestId("status-more").click();
    await opened.page.getByTestId("status-facts").waitFor();
    return opened;
  },

  restored: async (browser, base, options) => {
    const opened = await VIEWS.panes(browser, base, options);
    await opened.page.waitForFunction(() => /"parts".*"parts"/.test(sessionStorage.getItem("layout") ?? ""));
    await opened.page.reload();
    await opened.page.getByTestId("idle-start").nth(2).waitFor();
    return opened;
  },

  "tab-list": async (browser, base, options) => {
    const opened = await VIEWS["crowd-tabs"](browser, base, options);
    await opened.page.getByTestId("tab-list").click();
    await opened.page.getByTestId("tab-search-item").nth(19).waitFor();
    return opened;
  },

  tooltip: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await opened.page.mouse.move(500, 300);
    await opened.page.getByTestId("sidebar-toggle").hover();
    await opened.page.getByRole("tooltip").waitFor();
    return opened;
  },

  "failed-command": async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "crowd", ...options });
    await opened.page.getByTestId("profile-row").nth(1).dblclick();
    await inTerminal(opened.page, 1);
    await type(opened.page, "exit 3");
    await ended(opened.page);
    return opened;
  },

  newer: async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "newer", ...options });
    await opened.page.getByTestId("store-notice").waitFor();
    return opened;
  },

  "no-match": async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await opened.page.getByTestId("profile-filter").fill("a profile that nobody has saved yet");
    await opened.page.getByText("No profile matches").waitFor();
    return opened;
  },

  toasts: async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "newer", ...options });
    const { page } = opened;
    await page.getByTestId("profile-row").nth(1).dblclick();
    await inTerminal(page, 1);
    await page.getByTestId("profile-row").nth(2).click({ button: "right" });
    await page.getByTestId("menu-delete").click();
    await page.locator("[data-testid=toast][data-tone=error]").waitFor();
    // In a narrow pane, what there is to copy is behind the last button.
    const shown = page.getByTestId("status-session");
    if (await shown.isVisible()) {
      await shown.click();
    } else {
      await page.getByTestId("status-more").click();
      await page.getByTestId("status-facts").getByRole("button").first().click();
      await page.keyboard.press("Escape");
    }
    await page.locator("[data-testid=toast][data-tone=plain]").waitFor();
    return opened;
  },

  "terminal-menu": async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openDemo(opened.page);
    await opened.page.getByTestId("terminal").click({ button: "right", position: { x: 200, y: 60 } });
    await opened.page.getByRole("menuitem", { name: "Paste" }).waitFor();
    return opened;
  },

  "tab-menu": async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openDemo(opened.page);
    await opened.page.getByTestId("tab").click({ button: "right" });
    await opened.page.getByRole("menuitem", { name: "Duplicate tab" }).waitFor();
    return opened;
  },

  link: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    const { page } = opened;
    await openDemo(page);
    await type(page, "link");
    await waitForScreen(page, /and https:/);
    const place = await linkPlace(page);
    await page.mouse.move(place.x, place.y);
    await page.locator(".terminal-link-hint:not([hidden])").waitFor();
    await page.keyboard.down("Control");
    await page.mouse.click(place.x, place.y);
    await page.keyboard.up("Control");
    await page.getByTestId("link-dialog").waitFor();
    return opened;
  },

  "link-hint": async (browser, base, options) => {
    const opened = await team(browser, base, options);
    const { page } = opened;
    await openDemo(page);
    await type(page, "link");
    await waitForScreen(page, /and https:/);
    const place = await linkPlace(page);
    await page.mouse.move(place.x, place.y);
    await page.locator(".terminal-link-hint:not([hidden])").waitFor();
    return opened;
  },

  "profile-form-problems": async (browser, base, options) => {
    const opened = await openPage(browser, base, options);
    const { page } = opened;
    await page.getByTestId("new-profile").click();
    await page.getByTestId("field-target").fill("web-1");
    await page.getByTestId("field-region").fill("Ireland");
    await page.getByTestId("form-more").click();
    await page.locator("[data-testid=form-section][data-section=session] button").first().click();
    await page.getByTestId("field-document").fill("my document");
    await page.getByRole("button", { name: "Add parameter" }).click();
    await page.getByRole("textbox", { name: "Parameter 1, values" }).fill("sudo journalctl -f");
    await page.getByTestId("form-save").click();
    await page.getByText("Give the profile a name.").waitFor();
    return opened;
  },

  "profile-form-refused": async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "newer", ...options });
    const { page } = opened;
    await page.getByTestId("profile-row").nth(5).click({ button: "right" });
    await page.getByTestId("menu-edit").click();
    await page.getByTestId("form-save").click();
    await page.getByTestId("form-error").waitFor();
    return opened;
  },

  "profile-form": async (browser, base, options) => {
    const opened = await openPage(browser, base, options);
    const { page } = opened;
    await page.getByTestId("new-profile").click();
    await page.getByTestId("field-name").fill("Payments API");
    await page.getByTestId("field-target").fill("web-1");
    await page.getByTestId("field-region").fill("eu-west-1");
    await page.keyboard.press("Tab");
    await page.locator(".swatch").filter({ hasText: "Purple" }).click();
    await page.locator(".swatch-name").filter({ hasText: "Purple" }).waitFor();
    await page.getByTestId("field-name").focus();
    return opened;
  },

  "profile-form-more": async (browser, base, options) => {
    const opened = await openPage(browser, base, options);
    const { page } = opened;
    await page.getByTestId("new-profile").click();
    await page.getByTestId("form-more").click();
    await page.locator("[data-testid=form-section][data-section=session] button").first().click();
    await page.getByRole("button", { name: "Add parameter" }).click();
    await page.getByRole("textbox", { name: "Parameter 1, name" }).fill("command");
    await page.getByRole("textbox", { name: "Parameter 1, values" }).fill("sudo journalctl -f");
    return opened;
  },

  "aws-profile-choices": async (browser, base, options) => {
    const opened = await openPage(browser, base, options);
    await opened.page.getByTestId("new-profile").click();
    await opened.page.getByTestId("field-aws-profile").focus();
    await opened.page.keyboard.press("ArrowDown");
    await opened.page.getByRole("option").first().waitFor();
    return opened;
  },

  "region-choices": async (browser, base, options) => {
    const opened = await openPage(browser, base, options);
    await opened.page.getByTestId("new-profile").click();
    await opened.page.getByRole("button", { name: "Show choices for Region" }).click();
    await opened.page.getByRole("option").first().waitFor();
    return opened;
  },

  "profile-menu": async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await opened.page.getByTestId("profile-row").nth(2).click({ button: "right" });
    await opened.page.getByTestId("menu-edit").waitFor();
    return opened;
  },

  "delete-profile": async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await opened.page.getByTestId("profile-row").nth(2).click({ button: "right" });
    await opened.page.getByTestId("menu-delete").click();
    await opened.page.getByTestId("toast-action").waitFor();
    return opened;
  },

  "sign-in": signIn("holds", null, "none"),
  "sign-in-browser": signIn("holds", "sign-in-browser", "browser"),
  "sign-in-device": signIn("holds", "sign-in-code", "device"),

  "sign-in-problem": async (browser, base, options) => {
    const opened = await signIn("fails", "sign-in-browser", "none")(browser, base, options);
    const problem = opened.page.getByTestId("question-problem");
    await problem.getByRole("button", { name: "Details", exact: true }).click();
    return opened;
  },

  mfa: async (browser, base, options) => {
    const opened = await asking(browser, base, options);
    await openCard(opened.page, "Production admin");
    await opened.page.getByTestId("mfa-code").waitFor();
    return opened;
  },

  "mfa-problem": async (browser, base, options) => {
    const opened = await VIEWS.mfa(browser, base, options);
    await opened.page.keyboard.type("000000");
    await opened.page.keyboard.press("Enter");
    await opened.page.getByTestId("question-problem").waitFor();
    return opened;
  },

  "choose-node": async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "rules", ...options });
    await openCard(opened.page, "Web servers");
    await opened.page.getByTestId("node-dialog").waitFor();
    await opened.page.keyboard.press("ArrowDown");
    return opened;
  },

  "choose-of-many": async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "rules", ...options });
    await openCard(opened.page, "Batch workers");
    await opened.page.getByTestId("node-dialog").waitFor();
    return opened;
  },

  reason: async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "rules", ...options });
    await openCard(opened.page, "Audited database");
    await opened.page.getByTestId("reason-input").fill("ticket 7");
    return opened;
  },

  aws: async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await opened.page.getByTestId("aws-open").click();
    await opened.page.getByTestId("aws-profile").first().waitFor();
    return opened;
  },

  "aws-signed-in": async (browser, base, options) => {
    const opened = await VIEWS.aws(browser, base, options);
    await opened.page.getByTestId("aws-sign-in-button").click();
    await opened.page.getByTestId("aws-sign-out-button").waitFor();
    await opened.page.getByTestId("sign-in-dialog").waitFor({ state: "detached" });
    return opened;
  },

  "aws-empty": async (browser, base, options) => {
    const opened = await openPage(browser, base, { ...options, scene: "bare" });
    await opened.page.getByTestId("aws-open").click();
    await opened.page.getByTestId("aws-empty").waitFor();
    return opened;
  },

  "who-am-i": async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await openCard(opened.page, "api-1 production");
    await inTerminal(opened.page, 1);
    await opened.page.getByTestId("status-caller").hover();
    return opened;
  },

  paste: async (browser, base, options) => {
    const clipboard = "cd /srv/app\ngit pull --ff-only\n\x1b[201~sudo systemctl restart app\n";
    const opened = await team(browser, base, { ...options, parameters: { clipboard } });
    await openDemo(opened.page);
    await opened.page.keyboard.press("Control+Shift+V");
    await opened.page.getByTestId("paste-dialog").waitFor();
    return opened;
  },

  "no-sidebar": async (browser, base, options) => {
    const opened = await team(browser, base, options);
    await opened.page.getByTestId("sidebar-toggle").click();
    await openDemo(opened.page);
    await type(opened.page, "help");
    return opened;
  },
};
