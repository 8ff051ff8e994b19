/** Every block in every renderer: what is held to its structure by a test, and looked at as a page. */
import { type Block, toJson } from "@mlxterp/results";
import { drawBlocks, vegaLite } from "@mlxterp/viz";
import { renderBlocks } from "../../cli/render/render-blocks.js";
import { galleryBlocks } from "./blocks.js";

/** One section of the gallery in every form. */
export interface Exhibit {
  readonly title: string;
  readonly blocks: readonly Block[];
  readonly terminal: string;
  readonly svg: { readonly light: string; readonly dark: string };
  /** Of those blocks that are charts. */
  readonly vega: readonly object[];
  readonly json: string;
}

/** The exhibits in their order. */
export async function exhibits(): Promise<Exhibit[]> {
  const shown: Exhibit[] = [];
  for (const block of galleryBlocks()) {
    if (block.kind !== "section") continue;
    const { title, blocks } = block;
    shown.push({
      title,
      blocks,
      terminal: renderBlocks(blocks, { width: 100, color: false }),
      svg: {
        light: await drawBlocks(blocks, { theme: "light" }),
        dark: await drawBlocks(blocks, { theme: "dark" }),
      },
      vega: blocks.filter(({ kind }) => kind !== "text").map((one) => vegaLite(one)),
      json: toJson(blocks),
    });
  }
  return shown;
}
