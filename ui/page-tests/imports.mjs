/** Imports, links that ask for a connection, the application's menu, and the question whether to quit. */
import assert from "node:assert/strict";

import { inTerminal, openDemo, openPage } from "./page.mjs";

const team = (browser, base, parameters, options) =>
  openPage(browser, base, { scene: "team", parameters, ...options });

const choose = async (page, entry) => {
  await page.getByTestId("app-menu").click();
  await page.getByTestId(`app-menu-${entry}`).click();
};

const names = (page) =>
  page.getByTestId("profile-row").evaluateAll((rows) => rows.map((row) => row.dataset.profileName));

const openImport = async (page, source = "sshConfig") => {
  await choose(page, "import");
  await page.locator(`[data-testid=import-source][data-source=${source}]`).check();
};

const lookUsual = async (page, source) => {
  await openImport(page, source);
  await page.getByTestId("import-usual").click();
  await page.getByTestId("import-run").waitFor();
};

const quit = (page) => page.evaluate(() => document.body.dataset.quit ?? "not said");

/** Runs a scenario and fails if the page complained. */
const scenario = (parameters, run, options) => async (browser, base) => {
  const { page, context, complaints } = await team(browser, base, parameters, options);
  try {
    await run(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
};

export const IMPORT_SCENARIOS = {
  "an import shows what is new, adds it in one go and can be undone": scenario({}, async (page) => {
    const before = await names(page);
    await lookUsual(page, "sshConfig");
    const items = page.getByTestId("import-item");
    assert.equal(await items.count(), 4);
    const ticked = await items.evaluateAll((all) => all.map((each) => each.querySelector("input").checked));
    // The third is there already.
    assert.deepEqual(ticked, [true, true, false, true]);
    assert.match(await items.nth(2).textContent(), /already there as .*api-1 production/);
    assert.equal(await page.getByTestId("import-skipped").count(), 2);
    assert.deepEqual(await names(page), before);

    await items.nth(1).locator("input").uncheck();
    await page.getByTestId("import-run").click();
    await page.getByTestId("import-dialog").waitFor({ state: "detached" });
    const toast = page.getByTestId("toast").filter({ hasText: "2 profiles were added." });
    await toast.waitFor();
    assert.deepEqual(await names(page), [...before, "orders-api", "reporting"]);

    await lookUsual(page, "sshConfig");
    const again = await items.evaluateAll((all) => all.map((each) => each.dataset.duplicate ?? "new"));
    assert.deepEqual(again, ["saved", "new", "saved", "saved"]);
    await page.getByTestId("import-cancel").click();

    await toast.getByTestId("toast-action").click();
    await page.getByTestId("toast").filter({ hasText: "taken back" }).waitFor();
    assert.deepEqual(await names(page), before);
  }),

  "a pasted text is looked at, and one with nothing in it says so": scenario({}, async (page) => {
    await openImport(page, "commands");
    assert.equal(await page.getByTestId("import-look").isDisabled(), true);
    await page.getByTestId("import-text").fill("nothing");
    await page.getByTestId("import-look").click();
    await page.getByText("There is nothing in it that could be added.").waitFor();
    assert.equal(await page.getByTestId("import-run").isDisabled(), true);
    await page.getByTestId("import-back").click();
    await page.getByTestId("import-text").fill("\0");
    await page.getByTestId("import-look").click();
    await page.getByTestId("import-problem").filter({ hasText: "cannot be read" }).waitFor();
  }),

  "what comes from the AWS configuration asks for its target when opened": scenario({}, async (page) => {
    await lookUsual(page, "awsConfig");
    const stub = page.locator("[data-testid=import-item][data-name=prod]");
    assert.match(await stub.textContent(), /needs a target/);
    await stub.locator("input").check();
    await page.getByTestId("import-run").click();
    await page.getByTestId("toast").filter({ hasText: "added" }).waitFor();
    await page.locator("[data-profile-name=prod]").dblclick();
    await page.getByTestId("profile-form").waitFor();
    assert.equal(await page.getByTestId("field-name").inputValue(), "prod");
    assert.equal(await page.getByTestId("tab").count(), 0);
  }),

  "an export says where and that it holds no secrets": scenario({}, async (page) => {
    await choose(page, "export");
    await page.getByTestId("toast").filter({ hasText: "It holds no secrets." }).waitFor();
  }),

  "a link shows what it would open and opens nothing by itself": scenario(
    { link: "unknown" },
    async (page) => {
      const dialog = page.locator("[data-testid=deep-link-dialog][data-kind=place]");
      await dialog.waitFor();
      const shown = await dialog.textContent();
      for (const part of ["i-0a1b2c3d4e5f60718", "eu-west-1", "prod-ops", "no AWS profile of this name"])
        assert.ok(shown.includes(part), part);
      const differs = await page.getByTestId("deep-link-saved").textContent();
      assert.match(differs, /AWS profile: .*prod\S* here, .*prod-ops.* in the link/);
      assert.equal(await page.getByTestId("tab").count(), 0);
      // Enter, pressed by somebody who was typing, opens nothing.
      await page.keyboard.press("Enter");
      await dialog.waitFor({ state: "detached" });
      assert.equal(await page.getByTestId("tab").count(), 0);
    },
  ),

  "connecting once from a link opens a tab and saves nothing": scenario({ link: "place" }, async (page) => {
    const before = await names(page);
    await page.getByTestId("deep-link-connect").click();
    await inTerminal(page, 1);
    assert.equal(await page.getByTestId("tab-title").textContent(), "i-0a1b2c3d4e5f60718");
    assert.deepEqual(await names(page), before);
  }),

  "a link can become a profile, which the person completes": scenario({ link: "place" }, async (page) => {
    await page.getByTestId("deep-link-save").click();
    await page.getByTestId("profile-form").waitFor();
    assert.equal(await page.getByTestId("field-target").inputValue(), "i-0a1b2c3d4e5f60718");
    await page.getByTestId("field-name").fill("From a link");
    await page.getByTestId("form-save").click();
    await page.locator('[data-profile-name="From a link"]').waitFor();
    assert.equal(await page.getByTestId("tab").count(), 0);
  }),

  "a link to a saved profile opens that one": scenario({ link: "saved" }, async (page) => {
    await page.getByTestId("deep-link-saved").getByRole("button").click();
    await inTerminal(page, 1);
    assert.equal(await page.getByTestId("tab-title").textContent(), "api-1 production");
  }),

  "a bad link is told in a sentence": scenario({ link: "refused" }, async (page) => {
    const dialog = page.locator("[data-testid=deep-link-dialog][data-kind=refused]");
    await dialog.waitFor();
    assert.match(await dialog.textContent(), /has no place in a link/);
    assert.equal(await page.getByTestId("deep-link-connect").count(), 0);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  }),

  "quitting asks once while sessions are open, and goes back to the terminal": scenario({}, async (page) => {
    await choose(page, "quit");
    assert.equal(await quit(page), "yes");
    await page.evaluate(() => delete document.body.dataset.quit);
    await page.locator("[data-profile-name='Local demo']").dblclick();
    await inTerminal(page, 1);
    await choose(page, "quit");
    const dialog = page.getByTestId("quit-dialog");
    await dialog.waitFor();
    assert.match(await dialog.textContent(), /1 session is open.*Local demo/s);
    await page.keyboard.press("Escape");
    await inTerminal(page, 1);
    assert.equal(await quit(page), "no");
    await choose(page, "quit");
    await page.getByTestId("quit-yes").click();
    await dialog.waitFor({ state: "detached" });
    assert.equal(await quit(page), "yes");
  }),

  "the menu does what keys do, and a terminal keeps the keyboard": scenario({}, async (page) => {
    await page.locator("[data-profile-name='Local demo']").dblclick();
    await inTerminal(page, 1);
    await page.getByTestId("app-menu").click();
    const entry = page.getByTestId("app-menu-duplicateTab");
    assert.match(await entry.textContent(), /Duplicate tab\s*Ctrl\+Shift\+D/);
    await entry.click();
    await inTerminal(page, 2);
    await page.keyboard.press("F11");
    await page.waitForFunction(() => document.body.dataset.fullScreen === "yes");
    await choose(page, "about");
    await page.getByTestId("about-dialog").getByText("Version 0.1.0").waitFor();
    await page.getByTestId("about-close").click();
    await page.getByTestId("about-dialog").waitFor({ state: "detached" });
  }),
};

const view = (parameters, shown) => async (browser, base, options) => {
  const opened = await team(browser, base, parameters, options);
  await shown(opened.page);
  return opened;
};

export const IMPORT_VIEWS = {
  "app-menu": view({}, async (page) => {
    await page.getByTestId("app-menu").click();
    await page.getByTestId("app-menu-newTab").waitFor();
  }),
  "import-sources": view({}, (page) => openImport(page)),
  "import-preview": view({}, (page) => lookUsual(page, "sshConfig")),
  "deep-link": view({ link: "unknown" }, (page) => page.getByTestId("deep-link-dialog").waitFor()),
  "deep-link-saved": view({ link: "saved" }, (page) => page.getByTestId("deep-link-dialog").waitFor()),
  "deep-link-refused": view({ link: "refused" }, (page) => page.getByTestId("deep-link-dialog").waitFor()),
  about: view({}, async (page) => {
    await choose(page, "about");
    await page.getByTestId("about-dialog").waitFor();
  }),
  quit: async (browser, base, options) => {
    const opened = await openPage(browser, base, options);
    await openDemo(opened.page);
    await choose(opened.page, "quit");
    await opened.page.getByTestId("quit-dialog").waitFor();
    return opened;
  },
};
