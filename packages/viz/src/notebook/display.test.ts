/** Blocks as the value of a notebook's cell. */
import { expect, it } from "vitest";
import { hostile, parse, wordGrid } from "../test-support.js";
import { display } from "./display.js";

it("has a page in a frame of its own, and a picture for those that show none", async () => {
  const shown = await display([wordGrid(hostile)], { title: hostile[0] })[Symbol.for("Jupyter.display")](); // biome-ignore format: one call
  expect(shown["text/plain"]).toBe(hostile[0]);
  const frame = parse(`<html><body>${shown["text/html"]}</body></html>`).querySelector("iframe");
  expect(frame?.getAttribute("sandbox")).toBe("allow-scripts");
  expect(frame?.getAttribute("srcdoc")).toMatch(/^<!doctype html>/);
  expect(shown["image/svg+xml"]).toContain("</svg>");
});
