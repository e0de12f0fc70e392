/** The list of recordings and the player: what a person does with them, checked. */
import assert from "node:assert/strict";

import { openPage } from "./page.mjs";
import { scene } from "./scenarios.mjs";

export const openRecordings = async (page) => {
  await page.getByTestId("app-menu").click();
  await page.getByTestId("app-menu-showRecordings").click();
  await page.getByTestId("recordings").waitFor();
};

const shows = (page, text) =>
  page.waitForFunction(
    (wanted) => document.querySelector(".playback-screen .xterm-rows")?.textContent.includes(wanted),
    text,
  );

export const RECORDING_SCENARIOS = {
  "a recording plays, is searched, and goes where something was found": (browser, base) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openRecordings(page);
      await page.getByRole("row", { name: /web-1 · deploy/ }).click();
      await page.getByTestId("player").waitFor();
      // It begins by itself; its pause of a minute is shortened to two seconds.
      await shows(page, "deploy.sh");
      assert.match(await page.getByTestId("player-time").innerText(), /\/ 0:09$/);
      await page.getByTestId("player-find").fill("HEALTHY");
      await page.keyboard.press("Enter");
      await page.getByTestId("player-hits").getByText("healthy: 6 of 6 targets").click();
      await shows(page, "6 of 6 targets");
      // Backwards from there, by a marker.
      await page.getByTestId("player-find").fill("");
      await page.getByRole("button", { name: "0:04 connection lost" }).click();
      await page.waitForFunction(() => {
        const shown = document.querySelector(".playback-screen .xterm-rows")?.textContent ?? "";
        return shown.includes("Uploading 100 %") && !shown.includes("6 of 6");
      });
    }),

  "a recording is deleted after a question, and the last one leaves an empty list that says how": (
    browser,
    base,
  ) =>
    scene(browser, base, { scene: "team" }, async (page) => {
      await openRecordings(page);
      for (const title of ["web-1 · deploy", "db-primary · slow query"]) {
        await page.getByRole("button", { name: new RegExp(`Delete the recording .*${title}`) }).click();
        await page.getByTestId("recording-delete").click();
        await page.getByRole("row", { name: new RegExp(title) }).waitFor({ state: "detached" });
      }
      await page.getByText("Nothing has been recorded yet.").waitFor();
    }),
};

export const RECORDING_VIEWS = {
  recordings: async (browser, base, options) => {
    const opened = await openPage(browser, base, { ...options, scene: "team" });
    await openRecordings(opened.page);
    await opened.page.getByTestId("recordings-list").waitFor();
    return opened;
  },
  "recordings-player": async (browser, base, options) => {
    const opened = await openPage(browser, base, { ...options, scene: "team" });
    await openRecordings(opened.page);
    await opened.page.getByRole("row", { name: /web-1 · deploy/ }).click();
    await shows(opened.page, "Uploading 100");
    await opened.page.getByTestId("player-toggle").click();
    return opened;
  },
  "recordings-empty": async (browser, base, options) => {
    const opened = await openPage(browser, base, { ...options, scene: "bare" });
    await openRecordings(opened.page);
    await opened.page.getByText("Nothing has been recorded yet.").waitFor();
    return opened;
  },
};
