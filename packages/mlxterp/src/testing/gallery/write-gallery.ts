/** Writes the gallery into a folder: a page to act in, and every picture as SVG and PNG, light and dark. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { drawBlocks, htmlReport } from "@mlxterp/viz";
import { svgToPng } from "@mlxterp/viz/png";
import { galleryBlocks } from "./blocks.js";
import { exhibits } from "./gallery.js";

const folder = resolve(process.argv[2] ?? "gallery");
mkdirSync(folder, { recursive: true });
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content); // biome-ignore format: one call

const title = "Every block, in every form";
const blocks = galleryBlocks();
write("gallery.html", await htmlReport({ title, blocks, command: "node scripts/gallery.mjs" }));
for (const { title: name, terminal, svg, vega } of await exhibits()) {
  const file = name.toLowerCase();
  write(`${file}.txt`, terminal);
  write(`${file}.vl.json`, JSON.stringify(vega, null, 1));
  for (const theme of ["light", "dark"] as const) write(`${file}-${theme}.svg`, svg[theme]);
}
for (const theme of ["light", "dark"] as const) {
  write(`gallery-${theme}.png`, await svgToPng(await drawBlocks(blocks, { title, theme })));
}
process.stdout.write(`${folder}\n`);
