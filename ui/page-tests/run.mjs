/**
 * The built page in a browser, with the host inside the page: behaviour, accessibility, layout and, with
 * `--screenshots`, pictures of every view in light and dark, large and small. Pictures go to SESSIONDECK_SCREENSHOTS, or
 * under the temporary folder. Further arguments choose what to run by parts of its name.
 *
 * Needs `npm run build` before, and Chromium (SESSIONDECK_CHROMIUM, else /usr/bin/chromium). Ends with one line that
 * counts, and fails unless everything chosen has passed and something was chosen.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

import { ASKING_SCENARIOS } from "./asking.mjs";
import { CREDENTIAL_SCENARIOS } from "./credentials.mjs";
import { FIRST_SIGN_IN_SCENARIOS, FIRST_SIGN_IN_VIEWS } from "./first_sign_in.mjs";
import { IMPORT_SCENARIOS, IMPORT_VIEWS } from "./imports.mjs";
import { KEY_SCENARIOS, KEY_VIEWS } from "./keys.mjs";
import { hiddenControls } from "./layout.mjs";
import { launch } from "./page.mjs";
import { PALETTE_SCENARIOS, PALETTE_VIEWS } from "./palette.mjs";
import { RECORDING_SCENARIOS, RECORDING_VIEWS } from "./recordings.mjs";
import { SCENARIOS } from "./scenarios.mjs";
import { serve } from "./serve.mjs";
import { TAB_SCENARIOS } from "./tabs.mjs";
import { TERMINAL_SCENARIOS } from "./terminal.mjs";
import { TREE_SCENARIOS, TREE_VIEWS } from "./tree.mjs";
import { VIEWS as MAIN_VIEWS } from "./views.mjs";

const VIEWS = {
  ...MAIN_VIEWS,
  ...FIRST_SIGN_IN_VIEWS,
  ...IMPORT_VIEWS,
  ...KEY_VIEWS,
  ...PALETTE_VIEWS,
  ...RECORDING_VIEWS,
  ...TREE_VIEWS,
};
const SCHEMES = ["light", "dark"];
const SIZES = { large: { width: 1280, height: 800 }, small: { width: 720, height: 480 } };
/** A test that takes longer hangs. */
const LIMIT_MS = 120_000;

const pictures = process.argv.includes("--screenshots");
const only = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const folder = process.env.SESSIONDECK_SCREENSHOTS ?? path.join(tmpdir(), "sessiondeck-screenshots");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds serious or critical, in one line each. */
async function seriousFindings(page) {
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      // xterm.js hides its rows from assistive technology; what they show is the far end's.
      exclude: [[".xterm-screen"]],
    });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, help, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${help} ${target.join(" ")}\n  ${failureSummary}`),
      );
  });
}

/** Shows a view once and looks at it in every scheme. */
async function lookAt(browser, base, view, sizeName) {
  const { page, context, complaints } = await VIEWS[view](browser, base, { size: SIZES[sizeName] });
  try {
    await page.evaluate(axeSource);
    const findings = [];
    for (const scheme of SCHEMES) {
      await page.emulateMedia({ colorScheme: scheme });
      if (pictures) {
        await page.screenshot({ path: path.join(folder, `${view}-${scheme}-${sizeName}.png`) });
      }
      findings.push(...(await seriousFindings(page)).map((finding) => `${scheme}: ${finding}`));
    }
    const hidden = await page.evaluate(hiddenControls);
    const all = [...complaints, ...findings, ...hidden.map((each) => `out of sight: ${each}`)];
    if (all.length > 0) throw new Error(all.join("\n"));
  } finally {
    await context.close();
  }
}

/** Everything there is, by name. */
function tests(browser, base) {
  const all = {
    ...SCENARIOS,
    ...ASKING_SCENARIOS,
    ...CREDENTIAL_SCENARIOS,
    ...FIRST_SIGN_IN_SCENARIOS,
    ...IMPORT_SCENARIOS,
    ...KEY_SCENARIOS,
    ...PALETTE_SCENARIOS,
    ...RECORDING_SCENARIOS,
    ...TAB_SCENARIOS,
    ...TERMINAL_SCENARIOS,
    ...TREE_SCENARIOS,
  };
  const scenarios = Object.entries(all).map(([name, run]) => [name, () => run(browser, base)]);
  const views = Object.keys(VIEWS).flatMap((view) =>
    Object.keys(SIZES).map((size) => [`view ${view}, ${size}`, () => lookAt(browser, base, view, size)]),
  );
  return [...(pictures ? [] : scenarios), ...views];
}

async function attempt(name, run) {
  const started = performance.now();
  let limit;
  const late = new Promise((_resolve, reject) => {
    limit = setTimeout(() => reject(new Error(`took more than ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    await Promise.race([run(), late]);
    console.log(`ok    ${name} (${Math.round(performance.now() - started)} ms)`);
    return true;
  } catch (error) {
    console.log(`FAIL  ${name}\n${error instanceof Error ? error.stack : error}\n`);
    return false;
  } finally {
    clearTimeout(limit);
  }
}

/** Runs what was chosen; server and browser are gone afterwards, whatever happened. */
async function main() {
  const counts = { passed: 0, failed: 0 };
  const owned = [];
  const release = async () => {
    for (const close of owned.splice(0).reverse()) await close();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => void release().finally(() => process.exit(1)));
  }
  try {
    const server = await serve();
    owned.push(() => server.close());
    const browser = await launch();
    owned.push(() => browser.close());
    if (pictures) mkdirSync(folder, { recursive: true });
    for (const [name, run] of tests(browser, server.url)) {
      if (only.length > 0 && !only.some((part) => name.includes(part))) continue;
      counts[(await attempt(name, run)) ? "passed" : "failed"] += 1;
    }
  } finally {
    await release();
  }
  if (pictures) console.log(`pictures are in ${folder}`);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 && counts.passed > 0;
}

process.exitCode = 1;
if (await main()) process.exitCode = 0;
