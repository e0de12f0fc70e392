/** A sign-in on a computer with nothing configured: typed, made, its accounts looked through, AWS profiles written. */
import assert from "node:assert/strict";

import { openPage } from "./page.mjs";
import { scene } from "./scenarios.mjs";

const gone = (locator) => locator.waitFor({ state: "detached" });

/** Waits until what has this test id has the keyboard. */
const hasFocus = (page, id) =>
  page.waitForFunction((wanted) => document.activeElement?.dataset.testid === wanted, id);

/** Presses Tab until what has this test id has the keyboard. */
async function tabTo(page, id) {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.dataset.testid === wanted, id)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab never got to ${id}`);
}

async function typeSignIn(page, { url = "globex.awsapps.com/start#/", region = "eu-west-1" } = {}) {
  await page.getByTestId("first-sign-in-form").waitFor();
  await hasFocus(page, "first-sign-in-url");
  await page.keyboard.type(url);
  await page.keyboard.press("Tab");
  await page.keyboard.type(region);
  await page.keyboard.press("Tab");
}

/** Signs in from the start page of a bare computer. */
async function signIn(page) {
  await page.getByTestId("first-sign-in-start").click();
  await typeSignIn(page);
  await page.getByTestId("first-sign-in-browser").click();
  await page.getByTestId("sign-in-dialog").waitFor();
  await gone(page.getByTestId("sign-in-dialog"));
  await page.getByTestId("sso-search").waitFor();
}

const account = (page, id) => page.locator(`[data-testid=sso-account][data-id="${id}"]`);
const role = (page, id, name) => account(page, id).locator(`[data-role=${name}]`);

async function choose(page) {
  await account(page, "111122223333").getByTestId("sso-account-toggle").click();
  await role(page, "111122223333", "SessionManagerOperator").check();
  await account(page, "111122224444").getByTestId("sso-account-toggle").click();
  await role(page, "111122224444", "SessionManagerOperator").check();
}

const BARE = { scene: "bare" };

export const FIRST_SIGN_IN_SCENARIOS = {
  "with nothing configured, keys alone lead from the start page to an AWS profile and a connection with it": (
    browser,
    base,
  ) =>
    scene(browser, base, BARE, async (page) => {
      await page.getByTestId("first-sign-in-start").focus();
      await page.keyboard.press("Enter");
      await typeSignIn(page);
      await page.keyboard.press("Enter");
      await page.getByTestId("sign-in-dialog").waitFor();
      await gone(page.getByTestId("sign-in-dialog"));
      await hasFocus(page, "sso-search");
      await page.keyboard.type("payments prod");
      await page.getByText("1 of 7 accounts").waitFor();
      await tabTo(page, "sso-account-toggle");
      await page.keyboard.press("Enter");
      await role(page, "111122223333", "SessionManagerOperator").waitFor();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Space");
      assert.ok(await role(page, "111122223333", "SessionManagerOperator").isChecked());
      await tabTo(page, "sso-next");
      await page.keyboard.press("Enter");
      await hasFocus(page, "sso-name");
      assert.equal(
        await page.getByTestId("sso-name").inputValue(),
        "payments-production-sessionmanageroperator",
      );
      await page.keyboard.press("Control+A");
      await page.keyboard.type("payments");
      await page.getByTestId("sso-lines").getByText("[profile payments]").waitFor();
      const lines = await page.getByTestId("sso-lines").innerText();
      assert.equal(
        lines.trim(),
        [
          "[sso-session globex]",
          "sso_start_url = https://globex.awsapps.com/start",
          "sso_region = eu-west-1",
          "sso_registration_scopes = sso:account:access",
          "",
          "[profile payments]",
          "sso_session = globex",
          "sso_account_id = 111122223333",
          "sso_role_name = SessionManagerOperator",
          "region = eu-west-1",
        ].join("\n"),
      );
      await page.getByText("The file ~/.aws/config is made with these lines").waitFor();
      await page.locator("[data-testid=sso-add]:not([disabled])").waitFor();
      await page.keyboard.press("Enter");
      await page.getByTestId("field-aws-profile").waitFor();
      assert.equal(await page.getByTestId("field-aws-profile").inputValue(), "payments");
      await page.getByText("1 AWS profile added to ~/.aws/config.").waitFor();
    }),

  "what is typed wrongly is told in the form, which keeps it": (browser, base) =>
    scene(browser, base, BARE, async (page) => {
      await page.getByTestId("first-sign-in-start").click();
      await typeSignIn(page, { url: "globex" });
      await page.getByTestId("first-sign-in-browser").click();
      await page.getByTestId("first-sign-in-problem").getByText("an https address").waitFor();
      assert.equal(await page.getByTestId("first-sign-in-url").inputValue(), "globex");
      await page.getByTestId("first-sign-in-url").fill("https://globex.awsapps.com/start");
      await page.getByTestId("first-sign-in-region").fill("ireland");
      await page.keyboard.press("Tab");
      await page.getByTestId("first-sign-in-browser").click();
      await page.getByTestId("first-sign-in-problem").getByText("a code such as").waitFor();
      await page.getByTestId("first-sign-in-cancel").click();
      await hasFocus(page, "first-sign-in-open");
      assert.equal(await page.getByTestId("aws-sign-in").count(), 0);
    }),

  "a code does instead of the browser, and a sign-in that is cancelled stays to be tried again or forgotten":
    (browser, base) =>
      scene(browser, base, { ...BARE, parameters: { signin: "holds" } }, async (page) => {
        await page.getByTestId("first-sign-in-start").click();
        await typeSignIn(page);
        await page.getByTestId("first-sign-in-code").click();
        await page.getByTestId("sign-in-user-code").getByText("QKHT-BVWX").waitFor();
        await page.getByTestId("question-cancel").click();
        await gone(page.getByTestId("sign-in-dialog"));
        const row = page.locator("[data-testid=aws-sign-in][data-label=globex][data-signed-in=false]");
        await row.getByText("typed here").waitFor();
        assert.equal(await page.getByTestId("sso-search").count(), 0);
        await row.getByTestId("sign-in-forget").click();
        await gone(row);
      }),

  "a typed sign-in is signed out of, and its accounts are there while it is good": (browser, base) =>
    scene(browser, base, BARE, async (page) => {
      await signIn(page);
      await page.getByTestId("sso-back").click();
      const row = page.locator("[data-testid=aws-sign-in][data-label=globex]");
      await row.getByTestId("sign-in-accounts").click();
      await page.getByTestId("sso-account").first().waitFor();
      await page.getByTestId("sso-back").click();
      // Typed once more it is the same, and nobody signs in twice.
      await page.getByTestId("first-sign-in-open").click();
      await typeSignIn(page);
      await page.getByTestId("first-sign-in-browser").click();
      await page.getByTestId("sso-account").first().waitFor();
      assert.equal(await page.getByTestId("sign-in-dialog").count(), 0);
      await page.getByTestId("sso-back").click();
      assert.equal(await row.count(), 1);
      await row.getByTestId("aws-sign-out-button").click();
      await row.getByText("Not signed in").waitFor();
      assert.equal(await row.getByTestId("sign-in-accounts").count(), 0);
    }),

  "roles of several accounts become profiles, and names that cannot be are told before anything is added": (
    browser,
    base,
  ) =>
    scene(browser, base, {}, async (page) => {
      await page.getByTestId("aws-open").click();
      await page.getByTestId("aws-sign-in-button").click();
      await page.getByTestId("sign-in-accounts").click();
      await page.getByTestId("sso-account").first().waitFor();
      await choose(page);
      await page.getByTestId("sso-next").getByText("Next: 2 profiles").click();
      const names = page.getByTestId("sso-name");
      await page.getByTestId("sso-lines").waitFor();
      // The sign-in is in the file already.
      assert.doesNotMatch(await page.getByTestId("sso-lines").innerText(), /sso-session /);
      await names.nth(0).fill("prod");
      await page.getByText("There is an AWS profile of this name already.").waitFor();
      assert.ok(await page.getByTestId("sso-add").isDisabled());
      await names.nth(0).fill("same");
      await names.nth(1).fill("same");
      await page.getByText("Another of these has this name.").waitFor();
      await names.nth(1).fill("a b");
      await page.getByText("Use letters, digits and").waitFor();
      await names.nth(1).fill("other");
      await page.getByTestId("sso-region").fill("mars");
      await page.keyboard.press("Tab");
      await page.getByTestId("first-sign-in-problem").getByText("a code such as").waitFor();
      await page.getByTestId("sso-region").fill("us-east-1");
      await page.keyboard.press("Tab");
      await page.getByTestId("sso-lines").getByText("[profile other]").waitFor();
      // Back and forth nothing is lost.
      await page.getByTestId("sso-back").click();
      await page.getByTestId("sso-next").click();
      assert.equal(await names.nth(1).inputValue(), "other");
      await page.getByTestId("sso-add").click();
      await page.getByText("2 AWS profiles added to ~/.aws/config.").waitFor();
    }),

  "lines that are no longer those that were shown are not added before they are shown anew": (
    browser,
    base,
  ) =>
    scene(browser, base, { ...BARE, parameters: { accounts: "raced" } }, async (page) => {
      await signIn(page);
      await choose(page);
      await page.getByTestId("sso-next").click();
      await page.getByTestId("sso-lines").getByText("[sso-session globex]").waitFor();
      await page.getByTestId("sso-add").click();
      await page.getByTestId("first-sign-in-problem").getByText("has changed meanwhile").waitFor();
      await page.waitForFunction(
        () => document.querySelector("[data-testid=sso-lines]")?.textContent.startsWith("[profile ") === true,
      );
      await page.getByTestId("sso-add").click();
      await page.getByTestId("field-aws-profile").waitFor();
    }),

  "a portal that does not answer, or opens nothing, says so with a way on": async (browser, base) => {
    await scene(browser, base, { ...BARE, parameters: { accounts: "fails" } }, async (page) => {
      await signIn(page);
      await page.getByText("The access portal does not answer.").waitFor();
      await page.getByTestId("sso-retry").click();
      await page.getByTestId("sso-account").first().waitFor();
      await account(page, "210987654321").getByTestId("sso-account-toggle").click();
      await page.getByText("You have no role in this account.").waitFor();
      await page.getByTestId("sso-search").fill("nothing like it");
      await page.getByText("No account matches.").waitFor();
    });
    await scene(browser, base, { ...BARE, parameters: { accounts: "none" } }, async (page) => {
      await signIn(page);
      await page.getByText("This sign-in opens no account.").waitFor();
    });
  },
};

const bare = (browser, base, options) => openPage(browser, base, { ...options, scene: "bare" });

export const FIRST_SIGN_IN_VIEWS = {
  "first-run-without-aws": async (browser, base, options) => {
    const opened = await bare(browser, base, options);
    await opened.page.getByTestId("first-sign-in-start").waitFor();
    return opened;
  },

  "first-sign-in": async (browser, base, options) => {
    const opened = await bare(browser, base, options);
    await opened.page.getByTestId("first-sign-in-start").click();
    await typeSignIn(opened.page, { region: "ireland" });
    await opened.page.getByTestId("first-sign-in-browser").click();
    await opened.page.getByTestId("first-sign-in-problem").waitFor();
    return opened;
  },

  "typed-sign-in": async (browser, base, options) => {
    const opened = await bare(browser, base, options);
    await signIn(opened.page);
    await opened.page.getByTestId("sso-back").click();
    await opened.page.getByTestId("sign-in-accounts").waitFor();
    return opened;
  },

  "sso-accounts": async (browser, base, options) => {
    const opened = await bare(browser, base, options);
    await signIn(opened.page);
    await choose(opened.page);
    await account(opened.page, "111122223333").scrollIntoViewIfNeeded();
    return opened;
  },

  "new-aws-profiles": async (browser, base, options) => {
    const opened = await bare(browser, base, options);
    await signIn(opened.page);
    await choose(opened.page);
    await opened.page.getByTestId("sso-next").click();
    await opened.page.getByTestId("sso-lines").waitFor();
    return opened;
  },
};
