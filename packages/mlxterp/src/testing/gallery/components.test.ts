/** The components in a browser: drawn, pointed at, moved through by keys, and nothing serious for axe to find. */
import { createRequire } from "node:module";
import { type Block, toJson } from "@mlxterp/results";
import { htmlReport, type ThemeName } from "@mlxterp/viz";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  attentionBlock,
  galleryBlocks,
  graphBlock,
  lensBlock,
  longText,
  patchingBlock,
} from "./blocks.js";
import { hasChromium, openChromium } from "./chromium.js";

const require = createRequire(import.meta.url);

/** What a page says of it: what was chosen, and problems. */
interface Seen {
  cell?: Record<string, unknown>;
  value?: number;
  token?: string;
  node?: string;
}

let browser: Browser;
let script: string;
const problems: string[] = [];

async function bundled(): Promise<string> {
  const contents = `import { lensBlock, longText } from "./blocks.ts"; import { fromJson } from "@mlxterp/results"; import { renderInto } from "@mlxterp/viz/interactive";
    window.wide = () => renderInto(document.querySelector("main"), [lensBlock(longText(4096), 12)], { onSelect: ({ block, ...rest }) => chosen.push(rest) });
    window.show = (json, theme) => { window.chosen = []; const place = document.querySelector("main");
      window.remove?.(); window.remove = renderInto(place, fromJson(json), { theme, onSelect: ({ block, ...rest }) => chosen.push(rest) }); };`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: new URL(".", import.meta.url).pathname, loader: "ts" },
    ...{ bundle: true, write: false, format: "iife", platform: "browser", target: "es2022" },
    conditions: ["@mlxterp/source"],
    jsx: "automatic",
    jsxImportSource: "preact",
  });
  return outputFiles[0].text;
}

let light: Page | undefined;

async function newPage(theme: ThemeName): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  page.on("pageerror", (error) => problems.push(error.message));
  await page.setContent(`<!doctype html><html lang="en"><title>Blocks</title><body style="background:${theme === "dark" ? "#121417" : "#faf9f6"}"><h1 style="color:#777">Blocks</h1><main></main></body></html>`); // biome-ignore format: one page
  await page.addScriptTag({ content: script });
  return page;
}

/** One page for all that is in the light, since opening it takes longer than most do there: emptied, with the mouse away. */
async function pageWith(blocks: readonly Block[], theme: ThemeName = "light"): Promise<Page> {
  const page = (theme === "light" && light) || (await newPage(theme));
  if (theme === "light") light = page;
  await page.mouse.move(0, 0);
  await page.evaluate(`show(${JSON.stringify(toJson(blocks))}, "${theme}")`);
  return page;
}

const chosen = (page: Page) => page.evaluate("chosen") as Promise<Seen[]>;
const reading = (page: Page, kind: string) => page.locator(`.mi-${kind} .mi-reading`).first();

/** @param where selects what is looked at: axe takes longer than all else here */
async function serious(page: Page, where: string): Promise<string[]> {
  await page.evaluate(require("axe-core").source);
  const found = (await page.evaluate(`axe.run(${JSON.stringify(where)}, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })`)) as { violations: { id: string; impact: string; nodes: { html: string }[] }[] }; // biome-ignore format: one value
  return found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
}

describe.skipIf(!hasChromium)(`components${hasChromium ? "" : " (skipped: no Chromium)"}`, () => {
  beforeAll(async () => {
    [browser, script] = await Promise.all([openChromium(), bundled()]);
  });
  afterAll(async () => {
    await browser?.close();
    expect(problems).toEqual([]);
  });

  it("draws every block, and axe finds nothing serious in the dark", async () => {
    const page = await pageWith(galleryBlocks(), "dark");
    const there = await page
      .locator("figure")
      .evaluateAll((all) => all.map((one) => one.className));
    for (const kind of [
      "tokens",
      "heat-map",
      "attention",
      "bars",
      "lines",
      "histogram",
      "scatter",
      "graph",
    ]) {
      // biome-ignore format: one list
      expect(there.some((name) => name.includes(`mi-${kind}`))).toBe(true);
    }
    expect(await serious(page, "main")).toEqual([]);
    await page.close();
  });

  it("says of a lens what is pointed at, in the model's words, and follows a token", async () => {
    const block = lensBlock(longText(15));
    const page = await pageWith([block]);
    const map = page.locator(".mi-scroller");
    await map.focus();
    await page.keyboard.press("ArrowDown"); // enters at the last layer
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    const [{ cell, value, token }] = await chosen(page);
    expect(cell).toEqual({ layer: 3, position: 1 });
    expect(value).toBe(block.values[4][1]);
    expect(token).toBe(block.alternatives?.[4][1][0].text);
    expect(await reading(page, "heat-map").textContent()).toContain("layer 3, When");
    expect(await page.locator(".mi-tip-bar").count()).toBe(4);
    expect(await page.locator(".mi-followed").textContent()).toContain(`at When`);
    const box = (await map.boundingBox())!;
    await page.mouse.move(box.x + 400, box.y + 60);
    expect(await page.locator(".mi-tip").count()).toBe(1);
  });

  it("shows below both prompts what is said after a patch", async () => {
    const page = await pageWith([patchingBlock()]);
    const strips = page.locator(".mi-prompts .mi-strip");
    const says = async () => (await strips.nth(2).textContent())?.replaceAll(/\s%/g, "%");
    expect(await says()).toBe("then saysclean ·Mary 81.0%corrupted ·John 74.0%");
    await page.locator(".mi-scroller").focus();
    await page.keyboard.press("ArrowDown"); // enters at the last layer, first position
    expect(await says()).toMatch(/patched here ·John \d+\.\d%$/);
    await page.keyboard.press("End");
    expect(await strips.nth(0).locator(".mi-pointed").count()).toBe(1);
    expect(await says()).toMatch(/patched here ·Mary \d+\.\d%$/);
    await page.keyboard.press("Enter");
    expect((await chosen(page))[0]).toMatchObject({ cell: { layer: 5, position: 14 } });
  });

  it("colours both directions of a token, and holds it", async () => {
    const page = await pageWith([attentionBlock(longText(15))]);
    const token = page.locator(".mi-token").nth(4);
    await token.hover();
    expect(await reading(page, "attention").textContent()).toMatch(/^·John \(4\) looks at ·and \(3\).*looked at by ·went \(5\)/); // biome-ignore format: one line
    await token.click();
    await page.locator(".mi-token").nth(7).hover();
    expect(await reading(page, "attention").textContent()).toMatch(/^·John \(4\)/);
    await page.keyboard.press("Escape");
    await page.locator(".mi-token").nth(7).hover();
    expect(await reading(page, "attention").textContent()).toMatch(/^·the \(7\)/);
    await page.getByRole("slider").fill("2");
    await page.locator(".mi-thumbnail").nth(1).click();
    await page.locator(".mi-token").nth(2).click();
    const last = (await chosen(page)).at(-1);
    expect(last).toEqual({ cell: { layer: 2, head: 1, query: 2 }, token: " Mary" });
  });

  it("prunes, joins and pins the nodes of a graph, and walks along its edges", async () => {
    const page = await pageWith([graphBlock(44, 150, 4)]);
    const stage = page.locator(".mi-graph-stage");
    const said = reading(page, "graph");
    const all = await said.textContent();
    await page.getByRole("slider").fill("10");
    await expect.poll(() => said.textContent()).toMatch(/, 10 of \d+ edges$/);
    expect(await said.textContent()).not.toBe(all);
    await stage.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowRight");
    expect(await said.textContent()).toMatch(/: from .+; to /);
    await page.keyboard.press("Shift+Enter");
    await page.getByRole("button", { name: "join chosen" }).click();
    expect(await page.getByRole("button", { name: "part again" }).isEnabled()).toBe(true);
    expect((await chosen(page)).map(({ node }) => node)).toHaveLength(2);
  });

  it("moves through four thousand tokens without waiting for them", async () => {
    const page = await pageWith([]);
    await page.evaluate("remove(); wide()");
    await page.locator(".mi-scroller").focus();
    for (const key of ["ArrowDown", "End", "Enter"]) await page.keyboard.press(key);
    expect((await chosen(page))[0].cell).toEqual({ layer: 10, position: 4095 });
    const canvas = await page
      .locator(".mi-scroller canvas")
      .evaluate((one) => (one as unknown as { width: number }).width);
    expect(canvas).toBeLessThan(4000);
  });

  it("sorts a table by its numbers, not by their letters, and its rows are chosen by keys", async () => {
    const rows = [["a", "9.5 %"], ["b", "−10.0 %"], ["c", "100 %"]]; // biome-ignore format: one table
    const page = await pageWith([{ kind: "table", columns: [{ title: "name" }, { title: "share", align: "right" }], rows }]); // biome-ignore format: one call
    await page.getByRole("button", { name: "share" }).click();
    expect(await page.locator("tbody td:first-child").allTextContents()).toEqual(["c", "a", "b"]);
    expect(await page.locator("th").nth(1).getAttribute("aria-sort")).toBe("descending");
    await page.keyboard.press("Tab"); // one stop for all rows
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect((await chosen(page)).at(-1)).toEqual({ cell: { row: 0 }, token: "a" });
  });

  it.each(["light", "dark"] as const)(
    "a report fits a telephone, %s: nothing is wider than the page but what scrolls by itself",
    async (colorScheme) => {
      const html = await htmlReport({ title: "Narrow", blocks: galleryBlocks(), command: "mlxterp lens" }); // biome-ignore format: one call
      const context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme, offline: true }); // biome-ignore format: one call
      const page = await context.newPage();
      await page.setContent(html);
      await expect.poll(() => page.locator('[data-mi-part="still"]').count()).toBe(0);
      await expect.poll(() => page.locator(".mi-figure canvas").count()).toBeGreaterThan(4);
      const wide = await page.evaluate(`[...document.querySelectorAll("body *")].filter((one) => {
        for (let at = one.parentElement; at; at = at.parentElement)
          if (getComputedStyle(at).overflowX !== "visible") return false;
        return one.getBoundingClientRect().right > 360.5;
      }).map((one) => one.outerHTML.slice(0, 80))`);
      expect(wide).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
      await context.close();
    },
  );

  it("opens a report without a network, with its own policy, and without a script its content is still read", async () => {
    const html = await htmlReport({ title: "</script><script>alert(1)</script>", blocks: galleryBlocks(), command: "mlxterp lens" }); // biome-ignore format: one call
    for (const javaScriptEnabled of [true, false]) {
      const context = await browser.newContext({ javaScriptEnabled, offline: true });
      const page = await context.newPage();
      const asked: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => problems.push(message.text()));
      page.on("request", (request) => asked.push(request.url()));
      await page.setContent(html);
      expect(await page.locator("h1").textContent()).toBe("</script><script>alert(1)</script>");
      const still = page.locator('[data-mi-part="still"]');
      if (javaScriptEnabled) {
        await expect.poll(() => still.count()).toBe(0);
        expect(await serious(page, "header, nav, footer")).toEqual([]);
      } else {
        expect(await still.count()).toBe(11);
        expect(await page.locator("figure.still svg").count()).toBeGreaterThan(8);
      }
      expect(asked.filter((url) => !/^(about|data):/.test(url))).toEqual([]);
      await context.close();
    }
  });
});
