/** The sidebar's tree and the form of a connection. */
import assert from "node:assert/strict";

import { openPage } from "./page.mjs";

/** Runs `look` on a page with a tree of everything, and fails on whatever the page complains of. */
const inTree =
  (look, options = {}) =>
  async (browser, base) => {
    const { page, context, complaints } = await openPage(browser, base, { scene: "tree", ...options });
    try {
      await page.getByTestId("profile-list").waitFor();
      await look(page, context);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  };

const row = (page, name) => page.locator(`[data-testid=profile-row][data-profile-name="${name}"]`);
const folder = (page, path) => page.locator(`[data-testid=folder-row][data-folder="${path}"]`);
const key = (item) => item.evaluate((element) => element.getAttribute("data-tree-key"));

/** The names of the rows as they stand, with their level. */
const shown = (page) =>
  page
    .locator("[data-tree-key]")
    .evaluateAll((rows) =>
      rows
        .sort((one, other) => one.getBoundingClientRect().y - other.getBoundingClientRect().y)
        .map((each) => `${each.getAttribute("aria-level")} ${each.getAttribute("data-tree-key")}`),
    );

/** Drags by the mouse, as slowly as a hand: the page must see the drag begin, and where it is. */
const drag = async (page, from, to, down = 0.5) => {
  const [start, end] = [await from.boundingBox(), await to.boundingBox()];
  const y = end.y + end.height * down;
  const frames = () =>
    page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2);
  await page.mouse.down();
  await page.mouse.move(start.x + start.width / 2 + 8, start.y + start.height / 2 + 8, { steps: 4 });
  await frames();
  await page.mouse.move(end.x + end.width / 2, y, { steps: 12 });
  await frames();
  await page.mouse.move(end.x + end.width / 2 + 1, y, { steps: 2 });
  await frames();
  await page.mouse.up();
};

const chooseMenu = async (page, item, testId) => {
  // A list that scrolls closes what hangs on its rows.
  await item.scrollIntoViewIfNeeded();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await item.click({ button: "right" });
  await page.getByTestId(testId).click();
};

export const TREE_SCENARIOS = {
  "the tree has roles, levels, and marks that are words": inTree(async (page) => {
    const tree = page.getByRole("treegrid", { name: "Profiles" });
    assert.equal(await tree.count(), 1);
    assert.equal(await folder(page, "Shop/Web").getAttribute("aria-level"), "2");
    assert.equal(await row(page, "web-2").getAttribute("aria-level"), "3");
    const badge = row(page, "web-2").getByTestId("environment-badge");
    assert.equal(await badge.textContent(), "prod");
    assert.equal(await badge.locator("svg").count(), 1);
    assert.equal(
      await row(page, "Jump host").getByTestId("team-badge").getAttribute("aria-label"),
      "From Platform",
    );
  }),

  "folders open and close by keys, and stay so": inTree(async (page, context) => {
    await folder(page, "Shop").click();
    await page.keyboard.press("ArrowLeft");
    await folder(page, "Shop/Web").waitFor({ state: "detached" });
    await page.keyboard.press("ArrowRight");
    await folder(page, "Shop/Web").waitFor();
    await page.keyboard.press("Enter");
    await folder(page, "Shop/Web").waitFor({ state: "detached" });
    const again = await context.newPage();
    await again.goto(page.url());
    await folder(again, "Shop").waitFor();
    assert.equal(await folder(again, "Shop/Web").count(), 0);
  }),

  "a search looks everywhere, marks what it found, and Enter opens the first": inTree(async (page) => {
    await page.getByTestId("profile-filter").fill("ANA central");
    // Letters come first, what they find a moment later.
    await page.waitForFunction(() => document.querySelectorAll("[data-testid=profile-row]").length === 1);
    await row(page, "Postgres primary").waitFor();
    assert.deepEqual(await row(page, "Postgres primary").locator("mark").allTextContents(), [
      "central",
      "Ana",
    ]);
    assert.equal(await page.getByTestId("tree-found").textContent(), "1 found");
    await page.getByTestId("profile-filter").press("Enter");
    await page.locator("[data-testid=tab-title]", { hasText: "Postgres primary" }).waitFor();
  }),

  "a name is changed in place": inTree(async (page) => {
    await row(page, "Scratch box").click();
    await page.keyboard.press("F2");
    const field = page.getByTestId("tree-rename");
    await field.waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.type(" two");
    await page.keyboard.press("Enter");
    await row(page, "Scratch box two").waitFor();
    await page.keyboard.press("F2");
    await field.fill("never");
    await page.keyboard.press("Escape");
    await field.waitFor({ state: "detached" });
    assert.equal(await row(page, "Scratch box two").count(), 1);
    await chooseMenu(page, folder(page, "Tools"), "menu-rename");
    await field.fill("Machines");
    await page.keyboard.press("Enter");
    await folder(page, "Machines").waitFor();
    assert.equal(await row(page, "Build runner").getAttribute("aria-level"), "2");
  }),

  "several are deleted at once, and come back": inTree(async (page) => {
    const before = await shown(page);
    await row(page, "web-2").click();
    await row(page, "web-10").click({ modifiers: ["Shift"] });
    await page.keyboard.press("Delete");
    await row(page, "web-10").waitFor({ state: "detached" });
    assert.equal(await row(page, "web-2").count(), 0);
    await folder(page, "Shop/Web").waitFor();
    await page.getByTestId("toast-action").click();
    await row(page, "web-10").waitFor();
    assert.deepEqual(await shown(page), before);
    await chooseMenu(page, folder(page, "Shop"), "menu-delete");
    await folder(page, "Shop").waitFor({ state: "detached" });
    await row(page, "Scratch box").click();
    await page.keyboard.press("Control+z");
    await folder(page, "Shop").waitFor();
    assert.deepEqual(await shown(page), before);
  }),

  "things move by the keyboard": inTree(async (page) => {
    await row(page, "Bastion").click();
    await row(page, "Scratch box").click({ modifiers: ["Control"] });
    await chooseMenu(page, row(page, "Scratch box"), "menu-move");
    await page.getByTestId("move-folder").fill("Shop/New");
    await page.keyboard.press("Enter");
    await folder(page, "Shop/New").waitFor();
    assert.equal(await row(page, "Bastion").getAttribute("aria-level"), "3");
    assert.equal(await row(page, "Scratch box").getAttribute("aria-level"), "3");
  }),

  "things move by dragging, onto folders and between rows": inTree(async (page) => {
    await drag(page, row(page, "Scratch box"), folder(page, "Tools"));
    await page
      .locator("[data-testid=profile-row][data-profile-name='Scratch box'][aria-level='2']")
      .waitFor();
    await drag(page, row(page, "Build runner"), row(page, "web-2"), 0.04);
    await page
      .locator("[data-testid=profile-row][data-profile-name='Build runner'][aria-level='3']")
      .waitFor();
    const order = await shown(page);
    const at = async (name) => order.findIndex((each) => each.endsWith(` ${name}`));
    assert.equal(
      (await at(await key(row(page, "Build runner")))) + 1,
      await at(await key(row(page, "web-2"))),
    );
  }),

  "a new folder is named at once and takes a new profile": inTree(async (page) => {
    await page.getByTestId("tree-options").click();
    await page.getByTestId("menu-new-folder").click();
    await page.getByTestId("tree-rename").fill("Fresh");
    await page.keyboard.press("Enter");
    await folder(page, "Fresh").click({ button: "right" });
    await page.getByRole("menuitem", { name: "New profile here…" }).click();
    await page.getByTestId("field-name").fill("Inside");
    await page.getByTestId("field-target").fill("name:inside");
    await page.getByTestId("form-save").click();
    await row(page, "Inside").waitFor();
    assert.equal(await row(page, "Inside").getAttribute("aria-level"), "2");
  }),

  "what is wrong with a field is said beside it": inTree(async (page) => {
    await chooseMenu(page, row(page, "web-2"), "menu-edit");
    await page.getByTestId("field-user").fill("two words");
    await page.getByTestId("form-save").click();
    const field = page.locator("[data-testid=field-user][aria-invalid=true]");
    await field.waitFor();
    assert.equal(await field.evaluate((element) => element === document.activeElement), true);
    await page.getByText("The user's name must have no spaces in it.").waitFor();
    await page.getByTestId("field-user").fill("deploy");
    await page.getByTestId("form-save").click();
    await page.getByTestId("profile-form").waitFor({ state: "detached" });
  }),

  "a team's profile is shown, changed for oneself, and given back": inTree(async (page) => {
    await chooseMenu(page, row(page, "Jump host"), "menu-edit");
    await page.getByTestId("form-team").waitFor();
    assert.equal(await page.getByTestId("form-save").count(), 0);
    assert.equal(await page.getByTestId("field-name").evaluate((element) => element.readOnly), true);
    await page.getByTestId("form-override").click();
    await page.getByTestId("field-region").fill("eu-west-2");
    await page.getByTestId("form-save").click();
    await page.getByTestId("profile-form").waitFor({ state: "detached" });
    const badge = row(page, "Jump host").getByTestId("team-badge");
    assert.equal(await badge.getAttribute("aria-label"), "From Platform, changed for you");
  }),

  "five thousand profiles stay quick": inTree(
    async (page) => {
      const measured = await page.evaluate(async () => {
        const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        const input = document.querySelector("[data-testid=profile-filter]");
        const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
        const times = {};
        for (const typed of ["n", "no", "nod", "node-49", "seventh", ""]) {
          const started = performance.now();
          setter.call(input, typed);
          input.dispatchEvent(new Event("input", { bubbles: true }));
          await frame();
          times[typed === "" ? "(empty)" : typed] = Math.round(performance.now() - started);
        }
        return times;
      });
      await page.getByTestId("tree-options").click();
      const started = performance.now();
      await page.getByRole("menuitem", { name: "Open all folders" }).click();
      await folder(page, "Region 0/Stage 0").waitFor();
      const opened = Math.round(performance.now() - started);
      const rows = await page.locator("[data-tree-key]").count();
      console.log(
        `      5,000 profiles: letters ${JSON.stringify(measured)} ms, all folders ${opened} ms, ${rows} rows`,
      );
      assert.ok(rows < 200, `${rows} rows are on the page`);
    },
    { scene: "thousands" },
  ),
};

export const TREE_VIEWS = {
  tree: (browser, base, options) => openPage(browser, base, { scene: "tree", ...options }),
  "profile-form-full": async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "tree", ...options });
    await chooseMenu(opened.page, row(opened.page, "web-2"), "menu-edit");
    await opened.page.getByTestId("profile-form").waitFor();
    return opened;
  },
  "profile-form-team": async (browser, base, options) => {
    const opened = await openPage(browser, base, { scene: "tree", ...options });
    await chooseMenu(opened.page, row(opened.page, "Jump host"), "menu-edit");
    await opened.page.getByTestId("form-team").waitFor();
    return opened;
  },
};
