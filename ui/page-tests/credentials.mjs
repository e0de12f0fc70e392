/** Sign-ins, codes, the AWS configuration and who one is: what a person does with them, checked. */
import assert from "node:assert/strict";

import { inTerminal, openDemo, type, waitForScreen } from "./page.mjs";
import { scene } from "./scenarios.mjs";

const focused = (page) => page.evaluate(() => document.activeElement?.dataset.testid ?? "");
const gone = (locator) => locator.waitFor({ state: "detached" });
const openCard = (page, name) => page.getByRole("button", { name: `Open ${name}` }).click();

const hasFocus = (page, testId) =>
  page.waitForFunction((wanted) => document.activeElement?.dataset.testid === wanted, testId);

/** Presses Tab until what is named has the focus. */
async function tabTo(page, testId) {
  for (let presses = 0; presses < 40; presses += 1) {
    if ((await focused(page)) === testId) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${testId} cannot be reached with Tab`);
}

/** Presses several things before the page shows anything of what the first of them brings. */
const pressAtOnce = (page, ...selectors) =>
  page.evaluate((all) => {
    const elements = all.map((selector) => document.querySelector(selector));
    for (const element of elements) element.click();
  }, selectors);

const card = (number) => `li:nth-child(${number}) > [data-testid=start-card]`;
/** In the scene "asking", after the local demo. */
const CARDS = { shell: card(2), database: card(3), admin: card(4) };

/** Escape counts once the question has been there for a moment. */
async function notNow(page, testId) {
  const dialog = page.getByTestId(testId);
  await dialog.waitFor();
  await page.waitForTimeout(600);
  await page.keyboard.press("Escape");
  await gone(dialog);
}

const asking = (browser, base, options, run) => scene(browser, base, { scene: "asking", ...options }, run);

export const CREDENTIAL_SCENARIOS = {
  "a sign-in is asked once for all that wait, and done by keyboard alone": (browser, base) =>
    asking(browser, base, {}, async (page) => {
      // As if typed in a terminal just when the question comes up.
      await page.evaluate(() => {
        new MutationObserver((_changes, observer) => {
          const dialog = document.querySelector("[data-testid=sign-in-dialog]");
          if (!dialog) return;
          observer.disconnect();
          setTimeout(() => {
            dialog.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
            dialog.dataset.escaped = "";
          });
        }).observe(document.body, { childList: true, subtree: true });
      });
      await pressAtOnce(page, CARDS.shell, CARDS.database);
      const dialog = page.getByTestId("sign-in-dialog");
      await dialog.getByText("2 sessions wait").waitFor();
      await dialog.getByText("https://corp.awsapps.example/start").waitFor();
      // What was meant for a terminal does nothing here.
      await page.keyboard.type("ls \n");
      await page.locator("[data-testid=sign-in-dialog][data-escaped]").waitFor();
      assert.equal(await dialog.getAttribute("data-step"), "none");
      await tabTo(page, "sign-in-browser");
      await page.keyboard.press("Enter");
      await page.locator("[data-testid=sign-in-dialog][data-step=browser]").waitFor();
      await dialog.getByText("Go on in your browser").waitFor();
      // Not on a button that took the pressed one's place, such as the one that cancels.
      await hasFocus(page, "sign-in-dialog");
      await gone(dialog);
      await inTerminal(page, 2);
      await type(page, "echo signed in");
      await waitForScreen(page, /^signed in$/m);
    }),

  "after a sign-in the keyboard stays with the terminal, whichever row it was opened from": (browser, base) =>
    asking(browser, base, {}, async (page) => {
      const client = await page.context().newCDPSession(page);
      await client.send("Emulation.setCPUThrottlingRate", { rate: 4 });
      await page.getByTestId("profile-row").filter({ hasText: "Sandbox shell" }).click();
      await page.keyboard.press("Enter");
      await page.getByTestId("sign-in-browser").click();
      await page.evaluate(() => {
        window.__focused = [];
        document.addEventListener("focusin", ({ target }) => window.__focused.push(target.className), true);
      });
      await gone(page.getByTestId("sign-in-dialog"));
      await inTerminal(page, 1);
      await type(page, "echo signed in");
      await waitForScreen(page, /^signed in$/m, 20_000);
      const focused = await page.evaluate(() => window.__focused);
      assert.deepEqual(
        focused.filter((each) => /row/.test(each)),
        [],
      );
      assert.equal(await page.getByTestId("tab").count(), 1);
    }),

  "a sign-in with a code shows it, can take the place of the browser, and can be cancelled": (
    browser,
    base,
  ) =>
    asking(browser, base, { parameters: { signin: "holds" } }, async (page) => {
      await openCard(page, "Sandbox shell");
      await page.getByTestId("sign-in-browser").click();
      await page.locator("[data-step=browser]").waitFor();
      await page.getByTestId("sign-in-copy").click();
      await page.getByTestId("toast").getByText("Address copied.").waitFor();
      await page.getByTestId("sign-in-code").click();
      await page.locator("[data-step=device]").waitFor();
      assert.equal(await page.getByTestId("sign-in-user-code").textContent(), "QKHT-BVWX");
      await page.getByText("Check that the page shows this code").waitFor();
      await page
        .getByRole("timer")
        .getByText(/^Good for (10:00|9:5\d)$/)
        .waitFor();
      // That the browser's sign-in was given up for it is no news.
      assert.equal(await page.locator("[data-testid=toast][data-tone=error]").count(), 0);
      await page.getByTestId("question-cancel").click();
      await gone(page.getByTestId("sign-in-dialog"));
      await page.getByTestId("ended").getByText("you did not answer").waitFor();
      assert.equal(await page.locator("[data-testid=toast][data-tone=error]").count(), 0);
    }),

  "a sign-in that fails says why and what to do, and can be put off": (browser, base) =>
    asking(browser, base, { parameters: { signin: "fails" } }, async (page) => {
      await openCard(page, "Sandbox shell");
      await page.getByTestId("sign-in-browser").click();
      const problem = page.getByTestId("question-problem");
      await problem.getByText("does not know this start URL").waitFor();
      await problem.getByText("Compare sso_start_url").waitFor();
      assert.equal(await problem.getByText("InvalidRequestException").isVisible(), false);
      await problem.getByRole("button", { name: "Details", exact: true }).click();
      await problem.getByText("InvalidRequestException").waitFor();
      assert.equal(await page.getByTestId("toast").count(), 0);
      await notNow(page, "sign-in-dialog");
      await page.getByTestId("ended").waitFor();
      // The keyboard is back: Enter starts again, and asks again.
      await page.waitForFunction(() => document.activeElement?.matches(".xterm-helper-textarea"));
      await page.waitForTimeout(800);
      await page.keyboard.press("Enter");
      await page.getByTestId("sign-in-dialog").waitFor();
    }),

  "a code is cleaned, sent once, and asked for again where it is refused": (browser, base) =>
    asking(browser, base, {}, async (page) => {
      await openCard(page, "Production admin");
      const code = page.getByTestId("mfa-code");
      await page.getByTestId("mfa-dialog").getByText("ana-phone").waitFor();
      await page.getByTestId("mfa-dialog").getByText("role/Admin").waitFor();
      await hasFocus(page, "mfa-code");
      assert.deepEqual(await code.evaluate(({ inputMode, autocomplete }) => [inputMode, autocomplete]), [
        "numeric",
        "one-time-code",
      ]);
      await page.keyboard.type("ls 12");
      await page.keyboard.press("Enter");
      await page.getByTestId("question-problem").getByText("six digits").waitFor();
      assert.equal(await code.inputValue(), "12");
      await code.fill("");
      await page.keyboard.insertText("000 000\n");
      assert.equal(await code.inputValue(), "000000");
      await page.keyboard.press("Enter");
      await page.getByText("Checking…").waitFor();
      assert.equal(await code.inputValue(), "");
      await page.getByTestId("question-problem").getByText("did not accept this code").waitFor();
      assert.equal(await code.inputValue(), "");
      await hasFocus(page, "mfa-code");
      assert.equal(await code.getAttribute("aria-invalid"), "true");
      await page.keyboard.type("314 159");
      await page.keyboard.press("Enter");
      await gone(page.getByTestId("mfa-dialog"));
      await inTerminal(page, 1);
      assert.doesNotMatch(await page.content(), /314 ?159/);
    }),

  "questions follow one after another, each with the focus where it belongs": (browser, base) =>
    asking(browser, base, {}, async (page) => {
      await pressAtOnce(page, CARDS.shell, CARDS.admin);
      await page.getByTestId("sign-in-dialog").waitFor();
      assert.equal(await page.getByTestId("mfa-dialog").count(), 0);
      await notNow(page, "sign-in-dialog");
      await hasFocus(page, "mfa-code");
      await page.keyboard.type("314159");
      await page.keyboard.press("Enter");
      await gone(page.getByTestId("mfa-dialog"));
      await inTerminal(page, 2);
    }),

  "a question waits while a form is being filled in": (browser, base) =>
    asking(browser, base, {}, async (page) => {
      await pressAtOnce(page, CARDS.admin, "[data-testid=new-profile]");
      await page.getByTestId("profile-form").waitFor();
      await page.locator("[data-testid=tab][data-state=connecting]").waitFor();
      await page.waitForTimeout(300);
      assert.equal(await page.getByTestId("mfa-dialog").count(), 0);
      await page.keyboard.type("Web 1");
      assert.equal(await page.getByTestId("field-name").inputValue(), "Web 1");
      await page.keyboard.press("Escape");
      await hasFocus(page, "mfa-code");
      await page.keyboard.type("314159");
      await page.keyboard.press("Enter");
      await inTerminal(page, 1);
    }),

  "the AWS configuration is seen, signed in to and out of, by keyboard alone": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await tabTo(page, "aws-open");
      await page.keyboard.press("Enter");
      const dialog = page.getByTestId("aws-dialog");
      const row = (name) => dialog.locator(`[data-testid=aws-profile][data-name="${name}"]`);
      assert.match(await row("prod").innerText(), /default → prod\s+Role\s+111122223333\s+eu-west-1/);
      assert.match(await row("staging").innerText(), /IAM Identity Center\s+444455556666/);
      assert.match(await row("old-audit").innerText(), /audit-base[\s\S]*Unusable/);
      assert.match(
        await dialog.getByTestId("aws-problem").innerText(),
        /^~\/\.aws\/config:41 .+ not count\.$/,
      );
      const signIn = dialog.getByTestId("aws-sign-in");
      assert.match(await signIn.innerText(), /Not signed in/);
      await tabTo(page, "aws-sign-in-button");
      await page.keyboard.press("Enter");
      await page.locator("[data-testid=sign-in-dialog][data-step=browser]").waitFor();
      await gone(page.getByTestId("sign-in-dialog"));
      await signIn.getByText(/Signed in until .*\d\d:\d\d/).waitFor();
      await hasFocus(page, "aws-sign-out-button");
      await page.keyboard.press("Enter");
      await signIn.getByText("Not signed in").waitFor();
      await hasFocus(page, "aws-sign-in-button");
      await page.keyboard.press("Escape");
      await gone(dialog);
      await hasFocus(page, "aws-open");
    }),

  "a sign-in that fails with nobody waiting is told of too": (browser, base) =>
    scene(browser, base, { parameters: { signin: "fails" } }, async (page) => {
      await page.getByTestId("aws-open").click();
      await page.getByTestId("aws-sign-in-button").click();
      await page.getByTestId("toast").getByText("does not know this start URL").waitFor();
      await gone(page.getByTestId("sign-in-dialog"));
      assert.match(await page.getByTestId("aws-sign-in").innerText(), /Not signed in/);
    }),

  "the start page counts the AWS profiles, and says where they would be": async (browser, base) => {
    await scene(browser, base, { scene: "team" }, async (page) => {
      await page.getByTestId("start-aws").getByText("11 AWS profiles").click();
      await page.getByTestId("aws-dialog").waitFor();
      assert.equal(await page.getByTestId("aws-profile").count(), 11);
    });
    await scene(browser, base, { scene: "bare" }, async (page) => {
      await page.getByTestId("start-aws").click();
      const empty = await page.getByTestId("aws-empty").innerText();
      assert.match(empty, /~\/\.aws\/config/);
      assert.match(empty, /aws configure sso/);
      await page.getByTestId("aws-close").click();
      await gone(page.getByTestId("aws-dialog"));
    });
    await scene(browser, base, { scene: "bare", parameters: { platform: "windows" } }, async (page) => {
      await page.getByTestId("start-aws").click();
      assert.match(await page.getByTestId("aws-empty").innerText(), /%UserProfile%\\\.aws\\config/);
    });
  },

  "what is written to the AWS files is seen at once": (browser, base) =>
    scene(browser, base, { scene: "bare", parameters: { signin: "written" } }, async (page) => {
      await page.getByTestId("aws-open").click();
      await page.getByTestId("aws-empty").waitFor();
      await page.getByTestId("aws-profile").first().waitFor();
      assert.equal(await page.getByTestId("aws-empty").count(), 0);
    }),

  "the form's AWS profiles tell their kind, account and region, and are filtered by typing": (
    browser,
    base,
  ) =>
    scene(browser, base, {}, async (page) => {
      await page.getByTestId("new-profile").click();
      await page.getByTestId("field-aws-profile").focus();
      await page.keyboard.press("ArrowDown");
      await page.getByRole("option", { name: "sandbox" }).waitFor();
      const options = await page.getByRole("option").allInnerTexts();
      assert.match(options[2], /^prod\s+Role · 111122223333 · eu-west-1$/);
      assert.match(options.at(-1), /^old-audit\s+Unusable · Its source profile .+ is not in the files\.$/);
      await page.keyboard.type("prod-");
      await page.waitForFunction(() => document.querySelectorAll("[role=option]").length === 1);
      await page.keyboard.press("ArrowDown");
      await page.locator("[role=option][data-focused]").waitFor();
      await page.keyboard.press("Enter");
      await page.waitForFunction(
        () => document.querySelector("[data-testid=field-aws-profile]").value === "prod-admin",
      );
    }),

  "the status bar tells who the credentials make one, and for how long": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await page.clock.install();
      await openDemo(page);
      assert.equal(await page.getByTestId("status-caller").count(), 0);
      const caller = page.locator("[data-testid=status-caller]:visible");
      await page.getByTestId("profile-row").nth(1).dblclick();
      await inTerminal(page, 2);
      await caller.getByText("42 min").waitFor();
      assert.match(await caller.innerText(), /^Payments · PowerUser\s*· 42 min$/);
      await page.clock.fastForward(125_000);
      await caller.getByText("40 min").waitFor();
      await caller.click();
      await page.getByTestId("toast").getByText("ARN copied.").waitFor();
      assert.equal(
        await caller.getAttribute("data-arn"),
        "arn:aws:sts::111122223333:assumed-role/PowerUser/ana",
      );
      await page.getByTestId("profile-row").nth(4).dblclick();
      await inTerminal(page, 3);
      await caller.getByText("ci-runner").waitFor();
      assert.doesNotMatch(await caller.innerText(), /min|expired/);
      await type(page, "exit");
      await gone(caller);
      await page.keyboard.press("Control+Shift+1");
      await inTerminal(page, 3);
      assert.equal(await page.getByTestId("status-caller").count(), 0);
    }),

  "where it cannot be told who one is, nothing is said": (browser, base) =>
    scene(browser, base, { scene: "crowd" }, async (page) => {
      await page.getByTestId("profile-row").nth(1).dblclick();
      await inTerminal(page, 1);
      await type(page, "echo ready");
      await waitForScreen(page, /^ready$/m);
      assert.equal(await page.getByTestId("status-caller").count(), 0);
      assert.equal(await page.getByTestId("toast").count(), 0);
    }),
};
