/** Every view worth looking at, each brought up the way a person would. */
import { inTerminal, openDemo, openPage, type, waitForScreen } from "./page.mjs";

const team = (browser, base, options) => openPage(browser, base, { scene: "team", ...options });
const ended = (page) => page.getByTestId("ended").waitFor();
const openCard = (page, name) => page.getByRole("button", { name: `Open ${name}` }).click();

export const VIEWS = {
  "first-run": (browser, base, options) => openPage(browser, base, options),

  "start-page": team,

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
    await page.getByRole("button", { name: "Add parameter" }).click();
    await page.getByRole("textbox", { name: "Parameter 1, name" }).fill("command");
    await page.getByRole("textbox", { name: "Parameter 1, values" }).fill("sudo journalctl -f");
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
    await opened.page.getByTestId("confirm-delete").waitFor();
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
