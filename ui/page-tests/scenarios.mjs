/** What a person does with the page, checked. Each opens a page of its own. */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";

import { inTerminal, linkPlace, openDemo, openPage, screen, type, waitForScreen } from "./page.mjs";

const tabNames = (page) => page.getByTestId("tab-title").allTextContents();
const activeElement = (page) => page.evaluate(() => document.activeElement?.className ?? "");

/** Opens the page, does something with it, and holds it to having complained of nothing. */
export async function scene(browser, base, options, run) {
  const { page, context, complaints } = await openPage(browser, base, options);
  try {
    await run(page);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

export const SCENARIOS = {
  "a profile is made, opened and closed by keyboard alone": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      for (let presses = 0; presses < 30; presses += 1) {
        await page.keyboard.press("Tab");
        if ((await page.evaluate(() => document.activeElement?.dataset.testid)) === "start-new-profile")
          break;
      }
      await page.keyboard.press("Enter");
      await page.keyboard.type("Web server");
      await page.keyboard.press("Tab");
      await page.keyboard.type("i-0123456789abcdef0");
      await page.keyboard.press("Enter");
      await page.getByTestId("profile-form").waitFor({ state: "detached" });
      const row = page.getByRole("row", { name: "Web server" });
      await row.waitFor();
      for (let presses = 0; presses < 30; presses += 1) {
        await page.keyboard.press("Tab");
        if ((await page.evaluate(() => document.activeElement?.getAttribute("role"))) === "row") break;
      }
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await inTerminal(page, 1);
      await type(page, "echo typed");
      await waitForScreen(page, /^typed$/m);
      await page.keyboard.press("Control+F6");
      assert.doesNotMatch(await activeElement(page), /xterm/);
      await page.keyboard.press("Control+Shift+F6");
      assert.match(await activeElement(page), /xterm/);
      await page.keyboard.press("Control+Shift+W");
      await page.getByTestId("start-page").waitFor();
    }),

  "a profile opens by double click, by its menu and from the filter, with the focus in the terminal": (
    browser,
    base,
  ) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      let opened = 0;
      const typeInNext = async (what) => {
        opened += 1;
        await inTerminal(page, opened);
        await type(page, `echo ${what}`);
        await waitForScreen(page, new RegExp(`^${what}$`, "m"));
      };
      await page.getByTestId("profile-row").first().dblclick();
      await typeInNext("double");
      await page.getByTestId("profile-row").nth(1).click({ button: "right" });
      await page.getByTestId("menu-open").click();
      await typeInNext("menu");
      await page.getByTestId("profile-filter").fill("build");
      await page.keyboard.press("Enter");
      await typeInNext("filter");
      assert.deepEqual(await tabNames(page), ["Local demo", "api-1 production", "Build runner"]);
    }),

  "a lost connection is told of, tried at once on demand, and what was typed meanwhile is there": (
    browser,
    base,
  ) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await type(page, "cut");
      const bar = page.getByTestId("reconnecting");
      await bar.getByText(/Attempt 2 in \d+ seconds?\./).waitFor();
      await page.locator("[data-testid=tab][data-state=reconnecting]").waitFor();
      // The keyboard stays with the terminal, also after a press in the bar.
      await type(page, "echo typed meanwhile");
      await page.getByTestId("retry-now").click();
      await bar.waitFor({ state: "detached" });
      await waitForScreen(page, /^typed meanwhile$/m);
      await page.getByTestId("timeline-button").click();
      await page
        .getByTestId("timeline")
        .getByText(/code 1000/)
        .first()
        .waitFor();
    }),

  "a session that waits for sign-in can be given up": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await type(page, "expire");
      await page.getByTestId("waiting-for-sign-in").waitFor();
      await page.getByTestId("give-up").click();
      await page.getByTestId("ended").getByText("You gave up").waitFor();
    }),

  "every control character is typed as that byte": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await type(page, "raw");
      const keys = [
        ["Control+Space", "00"],
        ...Array.from({ length: 26 }, (_, index) => [
          `Control+${String.fromCharCode(0x61 + index)}`,
          (index + 1).toString(16).padStart(2, "0"),
        ]),
        ["Control+BracketLeft", "1b"],
        ["Control+Backslash", "1c"],
        ["Control+BracketRight", "1d"],
        ["Control+Shift+Digit6", "1e"],
        ["Control+Shift+Minus", "1f"],
        ["Control+Slash", "1f"],
        ["Backspace", "7f"],
        ["Control+Backspace", "08"],
        ["Tab", "09"],
        ["Enter", "0d"],
        ["Escape", "1b"],
        ["Alt+b", "1b 62"],
        ["F5", "1b 5b 31 35 7e"],
        ["Alt+ArrowLeft", "1b 5b 31 3b 33 44"],
      ];
      for (const [key] of keys) await page.keyboard.press(key);
      await page.keyboard.press("q");
      const expected = [...keys.map(([, bytes]) => bytes), "71"].join(" ");
      const flat = (text) => text.replace(/\n(?=[0-9a-f])/g, " ").replace(/ +/g, " ");
      await waitForScreen(page, /71\s*\n?ssm-user/);
      const text = flat(await screen(page)).replaceAll("\n", " ");
      assert.ok(text.includes(expected), `${text}\nshould hold\n${expected}`);
    }),

  "tabs are switched, moved, duplicated and closed by keyboard": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openDemo(page);
      await page.keyboard.press("Control+Shift+T");
      await page.getByRole("button", { name: "Open Build runner" }).click();
      await inTerminal(page, 2);
      await page.keyboard.press("Control+Shift+D");
      await inTerminal(page, 3);
      assert.deepEqual(await tabNames(page), ["Local demo", "Build runner", "Build runner"]);
      await page.keyboard.press("Control+Tab");
      await inTerminal(page, 3);
      await type(page, "echo first");
      await waitForScreen(page, /^first$/m);
      await page.keyboard.press("Control+Shift+PageDown");
      assert.deepEqual(await tabNames(page), ["Build runner", "Local demo", "Build runner"]);
      assert.match(await screen(page), /^first$/m);
      await page.keyboard.press("Control+Shift+1");
      assert.doesNotMatch(await screen(page), /^first$/m);
      await page.keyboard.press("Control+Shift+9");
      await page.keyboard.press("Control+Shift+Tab");
      await waitForScreen(page, /^first$/m);
      for (const left of [2, 1, 0]) {
        await page.keyboard.press("Control+Shift+W");
        await page.waitForFunction((n) => document.querySelectorAll("[data-testid=tab]").length === n, left);
      }
      await page.getByTestId("start-page").waitFor();
    }),

  "tabs are put in order by dragging, and cannot be dropped onto panes": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openDemo(page);
      for (const [index, name] of ["api-1 production", "Build runner"].entries()) {
        await page.keyboard.press("Control+Shift+T");
        await page.getByRole("button", { name: `Open ${name}` }).click();
        await inTerminal(page, index + 2);
      }
      const drag = async (index, to) => {
        const from = await page.getByTestId("tab").nth(index).boundingBox();
        await page.mouse.move(from.x + 40, from.y + 15);
        await page.mouse.down();
        await page.mouse.move(from.x + 60, from.y + 16, { steps: 4 });
        await page.mouse.move(to.x, to.y, { steps: 12 });
        await page.mouse.up();
        await page.waitForTimeout(300);
      };
      const last = await page.getByTestId("tab").nth(2).boundingBox();
      await drag(0, { x: last.x + last.width - 20, y: last.y + 15 });
      assert.deepEqual(await tabNames(page), ["api-1 production", "Build runner", "Local demo"]);
      await page.keyboard.press("Control+Shift+1");
      await page.keyboard.press("Control+Shift+3");
      await waitForScreen(page, "Welcome");
      await drag(0, { x: 900, y: 600 });
      assert.deepEqual(await tabNames(page), ["api-1 production", "Build runner", "Local demo"]);
    }),

  "menus open at the pointer, and close with a choice": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openDemo(page);
      for (const [target, at] of [
        [page.getByTestId("tab"), { x: 60, y: 20 }],
        [page.getByTestId("terminal"), { x: 150, y: 90 }],
        [page.getByTestId("profile-row").nth(1), { x: 90, y: 20 }],
      ]) {
        const box = await target.boundingBox();
        await target.click({ button: "right", position: at });
        const menu = await page.locator(".popover").boundingBox();
        assert.ok(Math.abs(menu.x - box.x - at.x) < 10, `${menu.x} is not at ${box.x + at.x}`);
        assert.ok(Math.abs(menu.y - box.y - at.y) < 10, `${menu.y} is not at ${box.y + at.y}`);
        await page.getByRole("menuitem").last().waitFor();
        await page.keyboard.press("Escape");
        await page.locator(".popover").waitFor({ state: "detached" });
      }
      await page.getByTestId("tab").click({ button: "right" });
      await page.getByRole("menuitem", { name: "Duplicate tab" }).click();
      await page.locator(".popover").waitFor({ state: "detached" });
      await inTerminal(page, 2);
    }),

  "the list of all tabs brings one to the front": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openDemo(page);
      assert.equal(await page.getByTestId("tab-list").count(), 0);
      await page.getByTestId("profile-row").nth(1).dblclick();
      await inTerminal(page, 2);
      await type(page, "echo second");
      await waitForScreen(page, /^second$/m);
      await page.getByTestId("tab-list").click();
      await page.getByTestId("tab-search-item").filter({ hasText: "Local demo" }).click();
      await waitForScreen(page, "Welcome");
      assert.doesNotMatch(await screen(page), /^second$/m);
      await inTerminal(page, 2);
    }),

  "a colour is chosen, and stands on the profile's tab": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await page.getByTestId("new-profile").click();
      await page.getByTestId("field-name").fill("Painted");
      await page.getByTestId("field-target").fill("i-0123456789abcdef0");
      await page.getByRole("radio", { name: "Red" }).focus();
      await page.keyboard.press("ArrowRight");
      const painted = (selector, pseudo) =>
        page
          .locator(selector)
          .evaluate((element, of) => getComputedStyle(element, of).backgroundColor, pseudo);
      const wanted = await painted(".swatch[data-selected]");
      await page.locator(".swatch-name").filter({ hasText: "Orange" }).waitFor();
      await page.getByTestId("form-save").click();
      await page.getByTestId("profile-row").nth(1).dblclick();
      await inTerminal(page, 1);
      assert.equal(await painted("[data-testid=tab]", "::before"), wanted);
      assert.equal(await painted("[data-profile-name=Painted] .profile-mark", "::before"), wanted);
    }),

  "the far end's title stands beside the profile's name, cleaned": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await type(page, "title Production \u202eelbadaer");
      await page.waitForFunction(
        () => document.querySelector("[data-testid=tab-remote-title]")?.textContent === "Production elbadaer",
      );
      assert.deepEqual(await tabNames(page), ["Local demo"]);
    }),

  "counts and checksum tell what the terminal was given": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      const data = () => page.getByTestId("terminal").evaluate((element) => ({ ...element.dataset }));
      await page.waitForTimeout(200);
      const before = await data();
      await type(page, "lines 20000");
      await waitForScreen(page, /^line 20000$/m, 20_000);
      await page.waitForTimeout(200);
      const after = await data();
      const expected = Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\r\n`).join("");
      const prompt = "\x1b[1;32mssm-user@demo\x1b[0m:\x1b[1;34m~\x1b[0m$ ";
      const added = `lines 20000\r\n${expected}${prompt}`;
      assert.equal(Number(after.bytes) - Number(before.bytes), Buffer.byteLength(added));
      assert.equal(
        after.digest,
        crc32(added, Number.parseInt(before.digest, 16)).toString(16).padStart(8, "0"),
      );
      assert.equal(after.state, "open");
    }),

  "the sequence that freezes xterm.js does not freeze the page": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await type(page, "freeze");
      await waitForScreen(page, "still here", 3000);
    }),

  "a flood leaves the page usable, and an interrupt ends it": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openDemo(page);
      await type(page, "flood");
      await page.waitForTimeout(500);
      const started = Date.now();
      await page.keyboard.press("Control+Shift+T");
      await page.getByTestId("start-page").waitFor();
      assert.ok(Date.now() - started < 1500, `a new tab took ${Date.now() - started} ms`);
      await page.keyboard.press("Control+Shift+1");
      await inTerminal(page, 2);
      await page.keyboard.press("Control+c");
      await waitForScreen(page, /\^C\nssm-user@demo:~\$$/m, 10_000);
    }),

  "a paste cannot end its own brackets, and hostile ones are asked about": (browser, base) =>
    scene(browser, base, { parameters: { clipboard: "echo a\x1b[201~\necho b" } }, async (page) => {
      await openDemo(page);
      await type(page, "raw");
      await page.keyboard.press("Control+Shift+V");
      await page.getByTestId("paste-dialog").waitFor();
      assert.match((await page.getByTestId("paste-text").textContent()) ?? "", /a\u241b\[201~/);
      await page.getByTestId("paste-cancel").click();
      await page.getByTestId("paste-dialog").waitFor({ state: "detached" });
      await inTerminal(page, 1);
      await page.keyboard.press("Shift+Insert");
      await page.getByTestId("paste-confirm").click();
      const text = (await waitForScreen(page, /65 63 68 6f 20 62/)).replaceAll("\n", " ");
      assert.match(text, /65 63 68 6f 20 61 e2 90 9b 5b 32 30 31 7e 0d 65 63 68 6f 20 62/);
      assert.doesNotMatch(text, /1b/);
    }),

  "the web view's own paste goes through the guard": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await type(page, "paste on");
      // The terminal has then taken the brackets; without them two lines are asked about.
      await waitForScreen(page, /paste on\nssm-user@demo:~\$/);
      await type(page, "raw");
      await page.evaluate(() => {
        const data = new DataTransfer();
        data.setData("text/plain", "one\ntwo");
        document.activeElement?.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
        );
      });
      const text = (await waitForScreen(page, /74 77 6f/)).replaceAll("\n", " ");
      assert.match(text, /1b 5b 32 30 30 7e 6f 6e 65 0d 74 77 6f 1b 5b 32 30 31 7e/);
    }),

  "an ended session keeps its screen, takes no keys, and starts again": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await type(page, "echo before");
      await type(page, "exit 3");
      await page.getByTestId("ended").waitFor();
      assert.match((await page.getByTestId("ended-message").textContent()) ?? "", /Exit status 3\./);
      await page.keyboard.type("rm -rf ~");
      await page.waitForTimeout(800);
      await page.keyboard.press("Enter");
      await inTerminal(page, 1);
      const text = await waitForScreen(page, /^before$[\s\S]*Welcome[\s\S]*\$$/m);
      assert.doesNotMatch(text, /rm -rf/);
      await type(page, "echo again");
      await waitForScreen(page, /^again$/m);
    }),

  "a session that is opening can be cancelled": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await page.getByRole("button", { name: "Open Slow to answer" }).click();
      await page.getByTestId("connecting-cancel").click();
      await page.getByTestId("ended").waitFor();
      assert.equal(await page.getByTestId("connecting").count(), 0);
    }),

  "a link opens only on Ctrl+click, and one that deceives is asked about": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      await type(page, "link");
      await waitForScreen(page, /and https:/);
      const place = await linkPlace(page);
      await page.mouse.move(place.x, place.y);
      await page.waitForTimeout(300);
      await page.mouse.click(place.x, place.y);
      assert.equal(await page.getByTestId("link-dialog").count(), 0);
      await page.keyboard.down("Control");
      await page.mouse.click(place.x, place.y);
      await page.keyboard.up("Control");
      await page.getByTestId("link-dialog").waitFor();
      assert.match((await page.getByTestId("link-dialog").textContent()) ?? "", /evil\.example/);
      await page.keyboard.press("Escape");
      await page.getByTestId("link-dialog").waitFor({ state: "detached" });
    }),

  "the size follows the window and reaches the far end": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await openDemo(page);
      const agree = async () => {
        await page.waitForTimeout(400);
        const { cols, rows } = await page
          .getByTestId("terminal")
          .evaluate((element) => ({ ...element.dataset }));
        await type(page, "stty size");
        await waitForScreen(page, new RegExp(`^${rows} ${cols}$`, "m"));
        return `${cols}x${rows}`;
      };
      const before = await agree();
      await page.setViewportSize({ width: 900, height: 520 });
      assert.notEqual(await agree(), before);
      const text = await page.getByTestId("status-size").textContent();
      assert.match(text ?? "", /×/);
    }),

  "a problem is shown at its field, and a profile can be changed and deleted": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await page.getByTestId("new-profile").click();
      await page.getByTestId("form-save").click();
      await page.getByText("Give the profile a name.").waitFor();
      assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), "field-name");
      await page.getByTestId("form-cancel").click();
      const row = page.locator("[data-profile-name='Build runner']");
      await row.hover();
      await row.getByTestId("profile-menu-button").click();
      await page.getByTestId("menu-edit").click();
      await page.getByTestId("field-name").fill("Runner");
      await page.getByTestId("field-region").fill("us-west-2");
      await page.getByTestId("form-save").click();
      await page.locator("[data-profile-name=Runner]").click({ button: "right" });
      await page.getByTestId("menu-duplicate").click();
      await page.locator("[data-profile-name='Runner copy']").click({ button: "right" });
      await page.getByTestId("menu-delete").click();
      await page.locator("[data-profile-name='Runner copy']").waitFor({ state: "detached" });
      assert.match((await page.locator("[data-profile-name=Runner]").textContent()) ?? "", /us-west-2/);
    }),

  "the sidebar's width and state are kept": (browser, base) =>
    scene(browser, base, {}, async (page) => {
      await page.getByRole("separator", { name: "Sidebar width" }).focus();
      await page.keyboard.press("ArrowRight");
      const width = () => page.getByTestId("sidebar").evaluate((element) => element.offsetWidth);
      assert.equal(await width(), 264);
      await page.reload();
      await page.getByTestId("sidebar").waitFor();
      assert.equal(await width(), 264);
      await page.keyboard.press("Control+Shift+B");
      await page.reload();
      await page.getByTestId("sidebar").waitFor();
      assert.equal(await width(), 44);
    }),
};
