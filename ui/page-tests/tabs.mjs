/** Tabs and panes: what a person does with them. */
import assert from "node:assert/strict";

import { inTerminal, openDemo, paneOpen, type, waitForScreen } from "./page.mjs";
import { scene } from "./scenarios.mjs";

const tabNames = (page) => page.getByTestId("tab-title").allTextContents();

/** What the rows of a pane show. */
const textOf = (page, pane) =>
  page.evaluate(
    (id) =>
      [...document.querySelectorAll(`[data-pane-id="${id}"] .xterm-rows > div`)]
        .map((row) => (row.textContent ?? "").replace(/\u00a0/g, " ").trimEnd())
        .join("\n"),
    pane,
  );

async function waitForPane(page, pane, wanted) {
  const end = Date.now() + 6000;
  for (;;) {
    const text = await textOf(page, pane);
    if (wanted.test(text)) return;
    if (Date.now() > end) throw new Error(`never saw ${wanted} in ${pane}:\n${text}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

const panes = (page) => page.getByTestId("pane").evaluateAll((all) => all.map((each) => each.dataset.paneId));
const focused = (page) => page.locator("[data-testid=pane][data-focused]").getAttribute("data-pane-id");

/** Two panes side by side, the right one focused. */
async function twoPanes(page) {
  await openDemo(page);
  await page.keyboard.press("Control+Shift+Backslash");
  await paneOpen(page, 2);
  const [left, right] = await panes(page);
  await waitForPane(page, right, /\$$/m);
  return [left, right];
}

export const TAB_SCENARIOS = {
  "panes are split, gone to, zoomed, resized and closed by keyboard, each with a shell of its own": (
    browser,
    base,
  ) =>
    scene(browser, base, {}, async (page) => {
      const [left, right] = await twoPanes(page);
      await type(page, "echo right");
      await waitForPane(page, right, /^right$/m);
      await page.keyboard.press("Control+Shift+ArrowLeft");
      await page.waitForFunction(
        (id) => document.querySelector(`[data-pane-id="${id}"]`).contains(document.activeElement),
        left,
      );
      await type(page, "echo left");
      await waitForPane(page, left, /^left$/m);
      assert.doesNotMatch(await textOf(page, right), /left/);

      const width = async (id) => (await page.locator(`[data-pane-id="${id}"]`).boundingBox()).width;
      const before = await width(left);
      await page.keyboard.press("Control+Shift+M");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      assert.ok((await width(left)) > before + 20);
      await page.keyboard.press("Escape");
      await inTerminal(page, 1);

      await page.keyboard.press("Control+Shift+Enter");
      await page.locator("[data-testid=pane][data-covered]").waitFor({ state: "attached" });
      assert.ok((await width(left)) > 1.6 * before);
      await page.keyboard.press("Control+Shift+Enter");
      await page.keyboard.press("Control+Shift+W");
      await page.waitForFunction(() => document.querySelectorAll("[data-testid=pane]").length === 1);
      assert.deepEqual(await panes(page), [right]);
    }),

  "a divider is dragged": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      const [left] = await twoPanes(page);
      const before = await page.locator(`[data-pane-id="${left}"]`).boundingBox();
      const line = await page.getByTestId("pane-divider").boundingBox();
      await page.mouse.move(line.x + line.width / 2, line.y + 100);
      await page.mouse.down();
      await page.mouse.move(line.x - 150, line.y + 110, { steps: 5 });
      await page.mouse.up();
      const after = await page.locator(`[data-pane-id="${left}"]`).boundingBox();
      assert.ok(Math.abs(before.width - after.width - 155) < 12, `${before.width} to ${after.width}`);
    }),

  "what is typed with others reaches all of them, and no more once it is off": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      const [left, right] = await twoPanes(page);
      await page.keyboard.press("Control+Shift+I");
      await page.getByTestId("broadcast-start").click();
      await page.getByTestId("broadcast-badge").nth(1).waitFor();
      await paneOpen(page, 2);
      await type(page, "echo together");
      await waitForPane(page, left, /^together$/m);
      await waitForPane(page, right, /^together$/m);
      await page.keyboard.press("Control+Shift+I");
      await page.getByTestId("broadcast-badge").first().waitFor({ state: "detached" });
      await type(page, "echo alone");
      await waitForPane(page, right, /^alone$/m);
      assert.doesNotMatch(await textOf(page, left), /alone/);
    }),

  "a closed tab comes back as it was for a moment, and anew after that": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await type(page, "echo before");
      await waitForScreen(page, /^before$/m);
      await page.keyboard.press("Control+Shift+W");
      await page.getByTestId("start-page").waitFor();
      await page.getByTestId("toast-action").click();
      await inTerminal(page, 1);
      await waitForScreen(page, /^before$/m);
      await type(page, "echo after");
      await waitForScreen(page, /^after$/m);

      await page.keyboard.press("Control+Shift+W");
      await page.getByTestId("start-page").waitFor();
      // Put away by hand, its session ends at once.
      await page.getByTestId("toast").getByRole("button", { name: "Dismiss" }).click();
      await page.keyboard.press("Control+Shift+Z");
      await inTerminal(page, 1);
      assert.doesNotMatch(await waitForScreen(page, /\$$/m), /before/);
    }),

  "tabs are named, pinned, found and closed together with one question": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openDemo(page);
      for (let index = 2; index <= 4; index += 1) {
        await page.keyboard.press("Control+Shift+D");
        await inTerminal(page, index);
      }
      await page.locator(".dv-active-tab [data-testid=tab]").dblclick();
      await page.getByTestId("tab-rename").fill("Migration");
      await page.keyboard.press("Enter");
      assert.deepEqual(await tabNames(page), ["Local demo", "Local demo", "Local demo", "Migration"]);
      await page.keyboard.press("Control+Shift+J");
      await page.waitForFunction(
        () => document.querySelectorAll("[data-testid=tab]")[0]?.hasAttribute("data-pinned") === true,
      );
      await page.keyboard.press("Control+Shift+2");
      await page.keyboard.press("Control+Shift+G");
      await page.keyboard.type("migr");
      await page.keyboard.press("Enter");
      await page.locator(".dv-active-tab [data-pinned]").waitFor();
      await page.getByTestId("tab").nth(1).click({ button: "right" });
      await page.getByRole("menuitem", { name: "Close other tabs" }).click();
      await page.getByTestId("close-tabs-yes").click();
      await page.waitForFunction(() => document.querySelectorAll("[data-testid=tab]").length === 2);
      assert.deepEqual(await tabNames(page), ["Migration", "Local demo"]);
      await page.keyboard.press("Control+Shift+Z");
      await page.waitForFunction(() => document.querySelectorAll("[data-testid=tab]").length === 4);
    }),

  "tabs, splits and names come back after a restart, and start on request": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await twoPanes(page);
      await page.locator(".dv-active-tab [data-testid=tab]").dblclick();
      await page.getByTestId("tab-rename").fill("Pair");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => (sessionStorage.getItem("layout") ?? "").includes("Pair"));
      await page.reload();
      await page.getByTestId("idle-start").nth(1).waitFor();
      assert.deepEqual(await tabNames(page), ["Pair"]);
      const [left, right] = await panes(page);
      assert.equal(await focused(page), right);
      await page.waitForFunction(
        (id) => document.querySelector(`[data-pane-id="${id}"]`).contains(document.activeElement),
        right,
      );
      // The grace in which Enter was meant for something else.
      await page.waitForFunction(() => performance.now() > 900);
      await page.keyboard.press("Enter");
      await paneOpen(page, 2);
      await page.locator(`[data-pane-id="${left}"]`).getByTestId("idle-start").click();
      await waitForPane(page, left, /\$$/m);
    }),
};
