/** Opens the page as the application shows it: strict policy, frozen prototypes, and every complaint recorded. */
import { chromium } from "playwright-core";

const CHROMIUM = process.env.SESSIONDECK_CHROMIUM ?? "/usr/bin/chromium";

/** The profile folder is a new one each time, which the driver removes again. */
export const launch = () =>
  chromium.launch({
    executablePath: CHROMIUM,
    // The run closes it by itself.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--font-render-hinting=none",
    ],
  });

export async function openPage(
  browser,
  base,
  { scene = "first", scheme = "light", size, parameters = {}, ...more } = {},
) {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: size ?? { width: 1200, height: 760 },
    reducedMotion: "reduce",
    locale: "en-GB",
    ...more,
  });
  context.setDefaultTimeout(6000);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  await page.addInitScript(() => {
    // As `freezePrototype` does in the application.
    Object.freeze(Object.prototype);
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  const query = new URLSearchParams({ scene, ...parameters });
  await page.goto(`${base}?${query}`);
  await page.getByTestId("sidebar").waitFor();
  return { page, context, complaints };
}

/** The rows of the terminal in sight, joined. */
export const screen = (page) =>
  page.evaluate(() => {
    const shown = [...document.querySelectorAll("[data-testid=terminal]")].find(
      (element) => element.checkVisibility?.({ visibilityProperty: true }) ?? element.offsetParent !== null,
    );
    return [...(shown?.querySelectorAll(".xterm-rows > div") ?? [])]
      .map((row) => (row.textContent ?? "").replace(/\u00a0/g, " ").trimEnd())
      .join("\n");
  });

export async function waitForScreen(page, wanted, timeout = 5000) {
  const end = Date.now() + timeout;
  for (;;) {
    const text = await screen(page);
    if (wanted instanceof RegExp ? wanted.test(text) : text.includes(wanted)) return text;
    if (Date.now() > end) throw new Error(`never saw ${wanted} in:\n${text}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

export const session = (page) => page.locator("[data-testid=session]:visible");

/** Waits until the tab in front, of so many, has an open session whose terminal has the keyboard. */
export async function inTerminal(page, tabs) {
  await page.waitForFunction((count) => {
    if (document.querySelectorAll("[data-testid=tab]").length !== count) return false;
    const front = document.querySelector(".dv-active-tab [data-testid=tab]")?.dataset.tabId;
    return document.activeElement?.matches(
      `[data-testid=session][data-tab-id="${front}"][data-state=open] .xterm-helper-textarea`,
    );
  }, tabs);
  await waitForScreen(page, /\S/);
}

/** Waits until so many panes of the tab in front are there, and the focused one is open and has the keyboard. */
export async function paneOpen(page, panes) {
  await page.waitForFunction((count) => {
    const front = document.querySelector(".dv-active-tab [data-testid=tab]")?.dataset.tabId;
    const all = document.querySelectorAll(`[data-testid=session][data-tab-id="${front}"]`);
    return (
      all.length === count &&
      document.activeElement?.matches(
        "[data-testid=pane][data-focused] [data-state=open] .xterm-helper-textarea",
      )
    );
  }, panes);
}

export async function openDemo(page) {
  await page.getByTestId("start-demo").click();
  await inTerminal(page, 1);
  await waitForScreen(page, /\$$/m);
}

export async function type(page, line) {
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
}

/** Where the deceiving link of the demonstration's command `link` is, once that has run. */
export const linkPlace = (page) =>
  page.evaluate(() => {
    const LINK = "and https://";
    const row = [...document.querySelectorAll(".xterm-rows > div")].find(
      (element) => (element.textContent ?? "").startsWith("https://") && element.textContent.includes(LINK),
    );
    const box = row.getBoundingClientRect();
    const columns = Number(document.querySelector("[data-testid=terminal]").dataset.cols);
    const cell = row.parentElement.getBoundingClientRect().width / columns;
    return { x: box.x + cell * (row.textContent.indexOf(LINK) + 8), y: box.y + box.height / 2 };
  });
