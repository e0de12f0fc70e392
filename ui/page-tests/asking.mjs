/** Which node a rule means, and why one connects: what a person does with these questions, checked. */
import assert from "node:assert/strict";

import { inTerminal, type, waitForScreen } from "./page.mjs";
import { scene } from "./scenarios.mjs";

const openCard = (page, name) => page.getByRole("button", { name: `Open ${name}` }).click();
const gone = (locator) => locator.waitFor({ state: "detached" });
const rules = (browser, base, run) => scene(browser, base, { scene: "rules" }, run);

const hasFocus = (page, testId) =>
  page.waitForFunction((wanted) => document.activeElement?.dataset.testid === wanted, testId);

/** A question hears what is typed once it has been there for a moment. */
async function seen(page, testId) {
  const dialog = page.getByTestId(testId);
  await dialog.waitFor();
  await page.waitForTimeout(600);
  return dialog;
}

export const ASKING_SCENARIOS = {
  "one of many nodes is found by typing and chosen by keyboard": (browser, base) =>
    rules(browser, base, async (page) => {
      await openCard(page, "Batch workers");
      const dialog = await seen(page, "node-dialog");
      await hasFocus(page, "node-filter");
      await dialog.getByText("40 nodes match").waitFor();
      await page.keyboard.type("worker-07");
      await page.waitForFunction(() => document.querySelectorAll("[data-testid=node-choice]").length === 1);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await gone(dialog);
      await inTerminal(page, 1);
      await type(page, "echo chosen");
      await waitForScreen(page, /^chosen$/m);
    }),

  "a node that is not online is shown and cannot be chosen; cancelling ends the session with that reason": (
    browser,
    base,
  ) =>
    rules(browser, base, async (page) => {
      await openCard(page, "Web servers");
      const dialog = await seen(page, "node-dialog");
      await dialog.getByText("2 nodes match").waitFor();
      await dialog.getByText("Connection lost").click();
      assert.equal(await dialog.count(), 1);
      await page.keyboard.press("Escape");
      // The first Escape may only empty the filter.
      await page.keyboard.press("Escape");
      await gone(dialog);
      await page.getByTestId("ended").getByText("You chose no node").waitFor();
    }),

  "a node is chosen with the mouse": (browser, base) =>
    rules(browser, base, async (page) => {
      await openCard(page, "Web servers");
      const dialog = await seen(page, "node-dialog");
      await dialog.getByText("web-2").click();
      await gone(dialog);
      await inTerminal(page, 1);
    }),

  "a reason is asked for, shown as it will be kept, and needed": (browser, base) =>
    rules(browser, base, async (page) => {
      await openCard(page, "Audited database");
      const dialog = await seen(page, "reason-dialog");
      await hasFocus(page, "reason-input");
      await page.keyboard.press("Enter");
      await page.getByTestId("question-problem").getByText("Say why you connect.").waitFor();
      await page.keyboard.type("x".repeat(260));
      await page.getByTestId("question-problem").getByText("characters at most").waitFor();
      await page.keyboard.press("Enter");
      assert.equal(await dialog.count(), 1);
      await page.getByTestId("reason-input").fill("ticket 7");
      assert.equal(await page.getByTestId("reason-whole").textContent(), "ana: ticket 7");
      await page.keyboard.press("Enter");
      await gone(dialog);
      await inTerminal(page, 1);
    }),

  "a reason that is not given ends the session with that": (browser, base) =>
    rules(browser, base, async (page) => {
      await openCard(page, "Audited database");
      const dialog = await seen(page, "reason-dialog");
      await page.keyboard.press("Escape");
      await gone(dialog);
      await page.getByTestId("ended").getByText("You gave no reason").waitFor();
    }),
};
