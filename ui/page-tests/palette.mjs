/** The palette: everything by a few characters, and the keyboard where it was afterwards. */
import assert from "node:assert/strict";

import { inTerminal, openDemo, openPage, paneOpen, type } from "./page.mjs";
import { scene } from "./scenarios.mjs";

const gone = (locator) => locator.waitFor({ state: "detached" });
const palette = (page) => page.getByTestId("palette");
const items = (page) => page.getByTestId("palette-item");
const chosen = (page) => page.locator("[data-testid=palette-item][aria-selected=true]");
const chosenId = (page) => chosen(page).getAttribute("data-id");
const tabNames = (page) => page.getByTestId("tab-title").allTextContents();

/** Waits until the pane that has the keyboard shows this. */
const inFocusedPane = (page, text) =>
  page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll("[data-testid=pane][data-focused] .xterm-rows > div")].some((row) =>
        (row.textContent ?? "").replace(/\u00a0/g, " ").includes(wanted),
      ),
    text,
  );

async function openPalette(page, chord = "Control+Shift+P") {
  await page.keyboard.press(chord);
  await page.waitForFunction(() => document.activeElement?.dataset.testid === "palette-field");
}

/** Types, and waits until the chosen entry is this one. */
async function find(page, typed, name) {
  await page.getByTestId("palette-field").pressSequentially(typed);
  await chosen(page).filter({ hasText: name }).waitFor();
}

export const PALETTE_SCENARIOS = {
  "the palette finds an action by its letters, does it, and gives the keyboard back": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await openPalette(page);
      assert.equal(await page.getByTestId("palette-field").inputValue(), ">");
      await find(page, "spl ri", "Split right");
      await page.keyboard.press("Enter");
      await gone(palette(page));
      await paneOpen(page, 2);
      await type(page, "echo typed");
      await inFocusedPane(page, "$ echo typed");

      // What was done last comes first.
      await openPalette(page);
      assert.equal(await chosenId(page), "action:splitRight");
      await page.keyboard.press("Escape");
      await gone(palette(page));
      await paneOpen(page, 2);
      await type(page, "echo again");
      await inFocusedPane(page, "$ echo again");
    }),

  "an action that has the keyboard for itself gets it": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await openPalette(page);
      await find(page, "find", "Find");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.activeElement?.dataset.testid === "search-field");
      await page.waitForTimeout(700);
      assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), "search-field");
      await page.keyboard.press("Escape");
      await inTerminal(page, 1);

      await openPalette(page);
      await find(page, "settings", "Settings");
      await page.keyboard.press("Enter");
      await page.getByTestId("settings-dialog").waitFor();
      await page.waitForFunction(() => document.activeElement?.dataset.testid === "settings-search");
      await page.keyboard.press("Escape");
      await gone(page.getByTestId("settings-dialog"));
    }),

  "a setting is found by its name, and stands alone in the settings": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openPalette(page);
      await find(page, "line hei", "Line height");
      await page.keyboard.press("Enter");
      await page.locator("[data-testid=setting-row][data-key='terminal.lineHeight']").waitFor();
      assert.equal(await page.getByTestId("setting-row").count(), 1);
    }),

  "quick connect opens a connection in front, beside and in the background": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openPalette(page, "Control+Shift+O");
      assert.equal(await page.getByTestId("palette-field").inputValue(), "");
      await find(page, "bld run", "Build runner");
      await page.keyboard.press("Enter");
      await inTerminal(page, 1);
      assert.deepEqual(await tabNames(page), ["Build runner"]);

      await openPalette(page, "Control+Shift+O");
      await find(page, "60719", "api-2 production");
      await page.keyboard.press("Shift+Enter");
      await paneOpen(page, 2);
      assert.deepEqual((await tabNames(page)).length, 1);

      await openPalette(page, "Control+Shift+O");
      await find(page, "postgres", "Postgres replica");
      await page.keyboard.press("Control+Enter");
      await page.getByTestId("palette-count").getByText("in the background").waitFor();
      await page.locator("[data-testid=tab]").nth(1).waitFor();
      // The box stays, for the next one.
      assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), "palette-field");
      await page.keyboard.press("Escape");
      await gone(palette(page));
      await paneOpen(page, 2);
      await page
        .locator("[data-testid=session][data-tab-id=tab-3][data-state=open]")
        .waitFor({ state: "attached" });

      // Open tabs are found, too.
      await openPalette(page, "Control+Shift+O");
      await page.getByTestId("palette-field").pressSequentially("postgres");
      await page.locator("[data-testid=palette-item][data-kind=tab]").filter({ hasText: "Postgres" }).click();
      await inTerminal(page, 2);
      await openPalette(page, "Control+Shift+O");
      assert.equal(await page.getByRole("group", { name: "Recent" }).getByRole("option").count(), 3);
    }),

  "what was used is remembered at the next start": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openPalette(page);
      await find(page, "zoom in", "Zoom in");
      await page.keyboard.press("Enter");
      await gone(palette(page));
      await page.reload();
      await page.getByTestId("sidebar").waitFor();
      await openPalette(page);
      const recent = page.getByRole("group", { name: "Recent" }).getByRole("option");
      assert.match((await recent.first().textContent()) ?? "", /Zoom in/);
    }),

  "a typed target offers a new profile with it filled in": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openPalette(page, "Control+Shift+O");
      await find(page, "mi-0fedcba9876543210", "New profile for mi-0fedcba9876543210");
      await page.keyboard.press("Enter");
      await page.getByTestId("profile-form").waitFor();
      assert.equal(await page.getByTestId("field-target").inputValue(), "mi-0fedcba9876543210");
      await page.waitForFunction(() => document.activeElement?.dataset.testid === "field-name");
      await page.keyboard.type("Edge node");
      await page.keyboard.press("Enter");
      await page.locator("[data-profile-name='Edge node']").waitFor();
      await openPalette(page, "Control+Shift+O");
      await find(page, "mi-0fedcba9876543210", "Edge node");
    }),

  "the list is gone through by every key, wraps, and shows what is chosen": (browser, base) =>
    scene(browser, base, { scene: "crowd", size: { width: 720, height: 480 } }, async (page) => {
      await openPalette(page, "Control+Shift+O");
      const count = await items(page).count();
      const at = () =>
        items(page).evaluateAll((all) =>
          all.findIndex((each) => each.getAttribute("aria-selected") === "true"),
        );
      const inSight = () =>
        chosen(page).evaluate((element) => {
          const box = element.getBoundingClientRect();
          const list = element.closest("[role=listbox]").getBoundingClientRect();
          return box.top >= list.top - 1 && box.bottom <= list.bottom + 1;
        });
      for (const [key, wanted] of [
        ["ArrowUp", count - 1],
        ["ArrowDown", 0],
        ["ArrowDown", 1],
        ["End", count - 1],
        ["Home", 0],
      ]) {
        await page.keyboard.press(key);
        assert.equal(await at(), wanted, key);
        assert.ok(await inSight(), key);
      }
      await page.keyboard.press("PageDown");
      const page1 = await at();
      assert.ok(page1 > 2 && page1 < count - 1);
      assert.ok(await inSight());
      await page.keyboard.press("PageUp");
      assert.equal(await at(), 0);
      const field = page.getByTestId("palette-field");
      assert.equal(await field.getAttribute("aria-activedescendant"), await chosen(page).getAttribute("id"));
      assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), "palette-field");
    }),

  "what cannot be done now says so, and does nothing": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await openPalette(page);
      await find(page, "zoom pane", "Zoom pane");
      assert.equal(await chosen(page).getAttribute("aria-disabled"), "true");
      assert.match((await chosen(page).textContent()) ?? "", /not possible now/);
      await page.keyboard.press("Enter");
      assert.equal(await palette(page).count(), 1);
      await page.keyboard.press("Escape");
      await inTerminal(page, 1);
    }),

  "both keys change what comes first while the box is open, and a click beside it closes it": (
    browser,
    base,
  ) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openPalette(page, "Control+Shift+O");
      const first = () => items(page).first().getAttribute("data-kind");
      assert.equal(await first(), "profile");
      await page.keyboard.press("Control+Shift+P");
      assert.equal(await page.getByTestId("palette-field").inputValue(), ">");
      assert.equal(await first(), "action");
      await page.keyboard.press("Control+Shift+O");
      assert.equal(await page.getByTestId("palette-field").inputValue(), "");
      await page.getByTestId("palette-field").pressSequentially("nothing is called this");
      await page.getByText("Nothing matches").waitFor();
      await page.mouse.click(5, 470);
      await gone(palette(page));
    }),

  "5,000 connections are searched as fast as somebody types": (browser, base) =>
    scene(browser, base, { scene: "thousands" }, async (page) => {
      await openPalette(page, "Control+Shift+O");
      const times = [];
      for (const key of [..."prod node 4", "Backspace", ..."9"]) {
        // From the key to the frame that shows its answer.
        await page.evaluate(() => {
          document.activeElement.addEventListener(
            "keydown",
            () => {
              const started = performance.now();
              requestAnimationFrame(() => (window.answered = performance.now() - started));
            },
            { once: true },
          );
          window.answered = null;
        });
        await page.keyboard.press(key === " " ? "Space" : key);
        const took = await page.waitForFunction(() => window.answered);
        times.push(`“${key}” ${(await took.jsonValue()).toFixed(1)}`);
      }
      console.log(`      5,000 connections, ms from key to frame: ${times.join(", ")}`);
      await page.getByTestId("palette-field").fill("node");
      assert.equal(await items(page).count(), 100);
      assert.match((await page.getByTestId("palette-count").textContent()) ?? "", /^100 of \d/);
    }),
};

const shown =
  (chord, typed, more = {}) =>
  async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "team", ...more, ...options });
    const { page } = opened;
    await openDemo(page);
    await openPalette(page, chord);
    if (typed !== "") await page.getByTestId("palette-field").pressSequentially(typed);
    await page.getByTestId("palette-count").waitFor({ state: "attached" });
    return opened;
  };

export const PALETTE_VIEWS = {
  palette: shown("Control+Shift+P", "pane"),
  "palette-actions": shown("Control+Shift+P", ""),
  "quick-connect": shown("Control+Shift+O", ""),
  "quick-connect-found": shown("Control+Shift+O", "prod"),
  "quick-connect-crowd": shown("Control+Shift+O", "", { scene: "crowd" }),
  "quick-connect-tree": shown("Control+Shift+O", "", { scene: "tree" }),
  "quick-connect-target": shown("Control+Shift+O", "i-0a1b2c3d4e5f60718"),
  "quick-connect-none": shown("Control+Shift+O", "nothing like it"),
};
