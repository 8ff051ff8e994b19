/** The figures of a result as a PNG that an agent can look at. */
import type { Block } from "@mlxterp/results";
import { drawBlocks } from "@mlxterp/viz";
import { NoRasterizerError, svgToPng } from "@mlxterp/viz/png";
import type { ToolContent } from "./tool.js";

/** Blocks that a picture says more of than a table. */
const drawn: ReadonlySet<Block["kind"]> = new Set(["grid", "bars", "lines", "histogram", "scatter", "attention", "graph"]); // biome-ignore format: a list

/** How many figures one picture has. */
const most = 3;

/** A text says so where nothing can be drawn here. */
export async function pictureOf(blocks: readonly Block[]): Promise<ToolContent> {
  const figures = flat(blocks)
    .filter(({ kind }) => drawn.has(kind))
    .slice(0, most);
  if (figures.length === 0) return { type: "text", text: "This result has no figures." };
  try {
    const png = await svgToPng(await drawBlocks(figures), { scale: 1 });
    return { type: "image", data: Buffer.from(png).toString("base64"), mimeType: "image/png" };
  } catch (error) {
    if (!(error instanceof NoRasterizerError)) throw error;
    return { type: "text", text: `${error.code}: ${error.message}` };
  }
}

function flat(blocks: readonly Block[]): Block[] {
  return blocks.flatMap((one) => (one.kind === "section" ? flat(one.blocks) : [one]));
}
