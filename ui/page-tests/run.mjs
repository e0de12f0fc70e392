/**
 * The built page in a browser, with the host inside the page: behaviour, accessibility and, with `--screenshots`, pictures
 * of every view in light and dark, large and small. Pictures go to SESSIONDECK_SCREENSHOTS, or under the temporary folder.
 *
 * Needs `npm run build` before, and Chromium (SESSIONDECK_CHROMIUM, else /usr/bin/chromium).
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

import { launch } from "./page.mjs";
import { SCENARIOS } from "./scenarios.mjs";
import { serve } from "./serve.mjs";
import { VIEWS } from "./views.mjs";

const pictures = process.argv.includes("--screenshots");
const only = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const folder = process.env.SESSIONDECK_SCREENSHOTS ?? path.join(tmpdir(), "sessiondeck-screenshots");
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const chosen = (name) => only.length === 0 || only.some((part) => name.includes(part));
const failures = [];

async function attempt(name, run) {
  if (!chosen(name)) return;
  const started = performance.now();
  try {
    await run();
    console.log(`ok    ${name} (${Math.round(performance.now() - started)} ms)`);
  } catch (error) {
    failures.push(name);
    console.log(`FAIL  ${name}\n${error instanceof Error ? error.stack : error}\n`);
  }
}

/** What axe finds serious or critical, in one line each. */
async function seriousFindings(page) {
  await page.evaluate(axeSource);
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

const server = await serve();
const browser = await launch();
try {
  for (const [name, run] of Object.entries(SCENARIOS)) {
    await attempt(name, () => run(browser, server.url));
  }
  const sizes = { large: { width: 1440, height: 900 }, small: { width: 800, height: 500 } };
  for (const [view, show] of Object.entries(VIEWS)) {
    for (const scheme of ["light", "dark"]) {
      for (const [sizeName, size] of Object.entries(sizes)) {
        await attempt(`view ${view}, ${scheme}, ${sizeName}`, async () => {
          const { page, context, complaints } = await show(browser, server.url, { scheme, size });
          if (pictures) {
            mkdirSync(folder, { recursive: true });
            await page.screenshot({ path: path.join(folder, `${view}-${scheme}-${sizeName}.png`) });
          }
          const findings = await seriousFindings(page);
          await context.close();
          const all = [...complaints, ...findings];
          if (all.length > 0) throw new Error(all.join("\n"));
        });
      }
    }
  }
} finally {
  await browser.close();
  await server.close();
}
if (pictures) console.log(`pictures are in ${folder}`);
if (failures.length > 0) {
  console.log(`${failures.length} failed: ${failures.join("; ")}`);
  process.exitCode = 1;
}
