/** The page in a browser, as a reader uses it: by hand, by keyboard, in the dark and on a narrow screen. One server, one browser. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "@mlxterp/server";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) =>
  existsSync(path),
);
const note = chromium ? "" : " (skipped: no Chromium)";
const root = fileURLToPath(new URL("..", import.meta.url));
const flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"; // biome-ignore format: one line
const folder = mkdtempSync(join(tmpdir(), "mlxterp-page-"));
const patience = 60_000;

/** How many programs share each processor now: what is promised of time is promised of a machine that is not busy. */
const crowd = Math.max(1, loadavg()[0] / availableParallelism());

let browser: Browser;
let context: BrowserContext;
let page: Page;
let url: string;
let close: () => Promise<void> = async () => undefined;
const failures: string[] = [];

async function open(width = 1440, height = 960): Promise<void> {
  context = await browser.newContext({ viewport: { width, height }, colorScheme: "light" });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => failures.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") failures.push(message.text());
  });
  await page.goto(url);
}

const button = (name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" }); // biome-ignore format: one line
/** Waits longer than usual: other work may hold the machine up. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });
const picture = () => page.locator(".found .mi-figure canvas").first();
const changes = () => page.locator(".changes li");
const headline = () => page.locator(".headline");

async function openMethod(name: string): Promise<void> {
  await page.getByRole("navigation", { name: "Methods" }).getByRole("button", { name, exact: true }).click(); // biome-ignore format: one line
  await page.getByRole("heading", { name, level: 2 }).waitFor();
}

async function run(): Promise<void> {
  await page
    .locator("#stage")
    .getByRole("button", { name: /^(Run|Generate)$/ })
    .click();
}

/** Clicks a button the moment it is there: what it stops may be over before anybody could. */
const clickOnceThere = (name: string) =>
  page.evaluate(
    (text) =>
      new Promise<void>((resolve) => {
        const observer = new MutationObserver(() => {
          const all = [...document.querySelectorAll("button")];
          const found = all.find(({ textContent }) => textContent === text);
          if (!found) return;
          observer.disconnect();
          found.click();
          resolve();
        });
        observer.observe(document.body, { subtree: true, childList: true });
      }),
    name,
  );

describe.skipIf(!chromium)(`the explorer in a browser${note}`, () => {
  beforeAll(async () => {
    const { build } = await import("vite");
    await build({ root, logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
    const listening = await createServer({ assets: folder }).listen();
    ({ url, close } = listening);
    const { chromium: launcher } = await import("playwright-core");
    browser = await launcher.launch({ executablePath: chromium, args: flags.split(" ") });
    await open();
  }, 2 * patience);

  afterAll(async () => {
    await browser?.close();
    await close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("paints at once, and shows the model, its tokens, a lens and the answer without a click", async () => {
    await picture().waitFor();
    expect(await quickestPaint()).toBeLessThan(1000 * crowd);
    expect(await page.locator(".tokens li").count()).toBe(14);
    await headline().getByText("Mary").waitFor();
    expect(await page.locator(".model").textContent()).toContain("4 layers of 4 heads");
  });

  it("follows what is typed", async () => {
    await page.getByRole("textbox", { name: "Prompt" }).fill("the capital of France is");
    await headline().getByText("Paris").waitFor();
    await eventually(() => page.locator(".tokens li").count()).toBe(6);
    await page.getByText("token read at").waitFor();
    await button("Undo").click();
    await headline().getByText("Mary").waitFor();
  });

  it("reads attention while one points", async () => {
    await openMethod("Attention patterns");
    await run();
    const tokens = page.locator(
      ".found .mi-attention .mi-token, .found .mi-attention [data-index]",
    );
    await tokens.first().waitFor();
    const reading = page.locator(".found .mi-attention output").first();
    const before = await reading.textContent();
    await tokens.nth(9).hover();
    await eventually(() => reading.textContent()).not.toBe(before);
  });

  it("patches where one clicks, moves the answer, and takes it back", async () => {
    await openMethod("Activation patching");
    await run();
    await picture().waitFor();
    await picture().scrollIntoViewIfNeeded();
    const box = (await picture().boundingBox())!;
    // the second John, before layer 1
    const [rows, columns] = [4, 14];
    const [left, cell] = [box.width * 0.097, (box.width * 0.903) / columns];
    await page.mouse.click(box.x + left + 9.5 * cell, box.y + box.height - 26 * (rows - 2.5) - 10);
    await page.locator(".where").waitFor();
    await page.getByLabel("at", { exact: true }).selectOption("9");
    await button("Patch").click();
    await headline().locator("b.now").getByText("John").waitFor();
    expect(await changes().count()).toBe(1);
    await button("Undo").click();
    await eventually(() => changes().count()).toBe(0);
    await eventually(() => headline().locator("b.now").count()).toBe(0);
  });

  it("steers with a slider, whose moves are one line of the history", async () => {
    await page.locator(".tokens li").nth(13).click();
    await page.getByLabel("Steer to").fill("Anna");
    await page.getByLabel("Steer from").fill("John");
    await button("Steer").click();
    const slider = changes().getByRole("slider");
    await slider.fill("6");
    await slider.fill("-6");
    await expect
      .poll(() => page.locator(".history li.done").first().textContent())
      .toContain("× -6");
    expect(await page.locator(".history li.done", { hasText: "Steer" }).count()).toBe(2);
    await headline().locator("b.now").waitFor();
  });

  it("grows both texts side by side, and stops when asked", async () => {
    await openMethod("Generate");
    await page.getByLabel("tokens", { exact: true }).fill("20");
    await run();
    await page.getByText(/They part at token|Both say the same/).waitFor();
    const [plain, changed] = [page.getByRole("article", { name: "As it is" }), page.getByRole("article", { name: "Changed" })]; // biome-ignore format: one line
    await eventually(() => plain.getAttribute("aria-busy")).toBe("false");
    await eventually(() => changed.getAttribute("aria-busy")).toBe("false");
    expect(await plain.textContent()).toContain("Mary");
    await page.getByLabel("tokens", { exact: true }).fill("400");
    const cancelled = clickOnceThere("Cancel");
    await run();
    await cancelled;
    await eventually(() => page.locator(".stream").first().textContent()).toContain("cancelled");
    expect(await page.locator(".stream[aria-busy=true]").count()).toBe(0);
  });

  it("cancels a run in the middle", async () => {
    await openMethod("Scan");
    const cancelled = clickOnceThere("Cancel");
    await run();
    await cancelled;
    await eventually(() => page.locator(".progress").count()).toBe(0);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("opens and compares runs of the history", async () => {
    await page.locator(".history .again", { hasText: "Attention patterns" }).first().click();
    await page.locator(".found .mi-attention").first().waitFor();
    await openMethod("Logit lens");
    await run();
    await button("Undo").click();
    await run();
    await page.locator(".history").getByRole("button", { name: "Compare" }).first().click();
    await page.getByRole("heading", { name: "What differs" }).waitFor();
    expect(await page.locator(".found").count()).toBe(2);
  });

  it("remembers everything when it is loaded again", async () => {
    const lines = await page.locator(".history li").count();
    await page.reload();
    await eventually(() => page.locator(".history li").count()).toBe(lines);
    await picture().waitFor();
    await page.locator(".history .again", { hasText: "Activation patching" }).first().click();
    await page.getByRole("heading", { name: "Activation patching", level: 2 }).waitFor();
    await picture().waitFor();
  });

  it("hands out a page, a program and data", async () => {
    for (const [name, ending] of [
      ["Report", ".html"],
      ["TypeScript", ".ts"],
      ["JSON", ".json"],
    ]) {
      // biome-ignore format: one list
      const download = page.waitForEvent("download");
      await button(name).first().click();
      const file = await download;
      expect(file.suggestedFilename()).toContain(ending);
      const text = readFileSync((await file.path())!, "utf8");
      expect(text).toContain({ ".html": "<!doctype html>", ".ts": "loadModel", ".json": '"method"' }[ending]!); // biome-ignore format: one line
    }
  });

  it("has nothing that keeps readers out, light and dark", async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    await page.evaluate(axe);
    for (const theme of ["light", "dark"]) {
      const found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
      const { violations } = found as { violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }; // biome-ignore format: one type
      const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      expect(serious.map(({ id, nodes }) => [id, nodes[0].html, nodes[0].failureSummary]), theme).toEqual([]); // biome-ignore format: one line
      if (theme === "light") await button("Change to dark").click();
    }
    const ground = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(ground).toBe("rgb(18, 20, 23)");
    await page.reload();
    await button("Change to light").waitFor();
  });

  it("fits a narrow screen", async () => {
    await page.setViewportSize({ width: 375, height: 800 });
    await picture().waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(375);
    await page.setViewportSize({ width: 1440, height: 960 });
  });

  it("needs no mouse: find a method, run it, act on a token, take it back", async () => {
    await context.close();
    await open();
    await picture().waitFor();
    const { keyboard } = page;
    await page.locator("body").press("/");
    await keyboard.type("attention pat");
    await keyboard.press("Enter");
    await keyboard.press("Control+Enter");
    await page.locator(".found .mi-attention").first().waitFor();
    await page.locator(".tokens button").nth(13).focus();
    await keyboard.press("Enter");
    await page.locator(".where").waitFor();
    await page.getByLabel("what", { exact: true }).focus();
    await keyboard.type("MLP");
    await tabTo("Ablate");
    await keyboard.press("Enter");
    await eventually(() => changes().count()).toBe(1);
    await keyboard.press("Control+z");
    await eventually(() => changes().count()).toBe(0);
    await keyboard.press("Control+Shift+Z");
    await eventually(() => changes().count()).toBe(1);
  });

  it("said nothing on the console all that time", () => {
    expect(failures).toEqual([]);
  });
});

/** In milliseconds from the request; of a few tries, since other work may hold one up. */
async function quickestPaint(): Promise<number> {
  const paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity";
  let quickest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3 && quickest >= 1000; tries++) {
    if (tries > 0) await page.reload();
    await page.locator(".top").waitFor();
    quickest = Math.min(quickest, Number(await page.evaluate(paint)));
  }
  return quickest;
}

async function tabTo(name: string): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    if ((await page.evaluate("document.activeElement?.textContent")) === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`The key Tab does not lead to "${name}".`);
}
