/** Keys that a person types: kept in the keyring, or for a run where there is none, and in no place of the page. */
import assert from "node:assert/strict";

import { openPage } from "./page.mjs";
import { scene } from "./scenarios.mjs";

const ID = "AKIAI44QH8DHBEXAMPLE";
const SECRET = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY";
const gone = (locator) => locator.waitFor({ state: "detached" });

async function typeKeys(page, name) {
  await page.getByTestId("keys-add").click();
  await page.waitForFunction(() => document.activeElement?.dataset.testid === "keys-name");
  for (const text of [name, ID, SECRET]) {
    await page.keyboard.type(text);
    await page.keyboard.press("Tab");
  }
}

/** In no attribute, no text and no input of the page. */
const secretIsNowhere = (page) =>
  page.evaluate((secret) => {
    const values = [...document.querySelectorAll("input, textarea")].map((each) => each.value);
    return ![document.documentElement.outerHTML, ...values].some((text) => text.includes(secret));
  }, SECRET);

export const KEY_SCENARIOS = {
  "keys are typed, kept, replaced and deleted by keyboard, and their secret stays nowhere": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await page.getByTestId("aws-open").click();
      await page.locator("[data-testid=keys-row][data-name=audit]").waitFor();
      await typeKeys(page, "ci");
      for (const field of ["keys-secret", "keys-token"]) {
        const input = page.getByTestId(field);
        assert.deepEqual(await input.evaluate(({ type, autocomplete }) => [type, autocomplete]), [
          "password",
          "off",
        ]);
      }
      await page.keyboard.press("Enter");
      const row = page.locator("[data-testid=keys-row][data-name=ci]");
      await row.getByText("AKIA…MPLE · in the keyring").waitFor();
      assert.ok(await secretIsNowhere(page));
      await page.waitForFunction(() => document.activeElement?.dataset.testid === "keys-add");

      await typeKeys(page, "ci");
      await page.keyboard.press("Enter");
      await page.getByTestId("keys-problem").getByText("keys of this name already").waitFor();
      assert.ok(await secretIsNowhere(page));
      await page.getByTestId("keys-cancel").click();

      await row.getByTestId("keys-replace").click();
      await page.waitForFunction(() => document.activeElement?.dataset.testid === "keys-id");
      await page.keyboard.type("AKIAI44QH8DHBOTHERID");
      await page.getByTestId("keys-secret").fill(SECRET);
      await page.keyboard.press("Enter");
      await row.getByText("AKIA…ERID").waitFor();

      await row.getByTestId("keys-delete").click();
      await page.getByTestId("keys-delete-dialog").getByText("keyring:ci").waitFor();
      await page.keyboard.press("Escape");
      await gone(page.getByTestId("keys-delete-dialog"));
      assert.equal(await row.count(), 1);
      await row.getByTestId("keys-delete").click();
      await page.getByTestId("keys-delete-yes").click();
      await gone(row);
    }),

  "without a keyring that is said, and typed keys are kept for this run without typing them twice": (
    browser,
    base,
  ) =>
    scene(browser, base, { parameters: { keyring: "missing" } }, async (page) => {
      await page.getByTestId("aws-open").click();
      await page.getByTestId("keys-trouble").getByText("No keyring answers").waitFor();
      await typeKeys(page, "ci");
      await page.keyboard.press("Enter");
      await page.getByTestId("keys-waiting").getByText("are not kept yet").waitFor();
      assert.ok(await secretIsNowhere(page));
      await page.getByTestId("keys-this-run").click();
      await page.locator("[data-testid=keys-row][data-run=true]").getByText("for this run only").waitFor();
      await gone(page.getByTestId("keys-waiting"));
    }),

  "a locked keyring is unlocked from the window": (browser, base) =>
    scene(browser, base, { parameters: { keyring: "locked" } }, async (page) => {
      await page.getByTestId("aws-open").click();
      await page.getByTestId("keys-retry").getByText("Unlock").click();
      await gone(page.getByTestId("keys-trouble"));
    }),

  "a keyring that hangs or refuses is told of, with a way on": async (browser, base) => {
    for (const [keyring, words] of [
      ["hanging", "does not answer"],
      ["denied", "does not let Sessiondeck in"],
    ]) {
      await scene(browser, base, { parameters: { keyring } }, async (page) => {
        await page.getByTestId("aws-open").click();
        await page.getByTestId("keys-trouble").getByText(words).waitFor();
        await page.getByTestId("keys-retry").getByText("Try again").waitFor();
        await page.getByTestId("keys-add").waitFor();
      });
    }
  },
};

export const KEY_VIEWS = {
  keys: async (browser, base, options) => {
    const opened = await openPage(browser, base, options);
    await opened.page.getByTestId("aws-open").click();
    await opened.page.getByTestId("keys-row").first().waitFor();
    await opened.page.getByTestId("keys-add").click();
    await opened.page.getByTestId("keys-name").waitFor();
    await opened.page.getByTestId("keys-save").scrollIntoViewIfNeeded();
    return opened;
  },

  "keys-without-keyring": async (browser, base, options) => {
    const opened = await openPage(browser, base, {
      ...options,
      scene: "bare",
      parameters: { keyring: "missing" },
    });
    await opened.page.getByTestId("aws-open").click();
    await opened.page.getByTestId("keys-trouble").waitFor();
    return opened;
  },

  "keys-waiting": async (browser, base, options) => {
    const opened = await KEY_VIEWS["keys-without-keyring"](browser, base, options);
    await typeKeys(opened.page, "ci");
    await opened.page.keyboard.press("Enter");
    await opened.page.getByTestId("keys-waiting").waitFor();
    return opened;
  },
};
