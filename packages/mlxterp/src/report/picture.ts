/** From the blocks of a command to one picture that says what it is of. */
import type { Provenance } from "@mlxterp/results";
import { drawBlocks } from "@mlxterp/viz";
import type { PageContent } from "./page.js";

/** @param look words of `--look` */
export function reportPicture(content: PageContent, look: readonly string[]): Promise<string> {
  const { title, blocks, provenance, command } = content;
  const origin = [provenance].flat()[0] as Partial<Provenance> | undefined;
  return drawBlocks(blocks, {
    title,
    footer: [...(origin ? [originOf(origin)] : []), command ?? ""].filter(Boolean).join(" · "),
    theme: look.includes("dark") ? "dark" : "light",
    size: look.includes("paper") ? "paper" : "screen",
  });
}

/** Enough to know it again. */
function originOf({
  model,
  revision,
  weights,
  dtype,
  device,
  versions,
  time,
}: Partial<Provenance>) {
  const hash = weights && `weights ${weights.hash.slice(0, 12)}`;
  const version = versions?.mlxterp && `mlxterp ${versions.mlxterp}`;
  const parts = [model, revision, hash, dtype, device, version, time?.slice(0, 10)];
  return parts.filter((part) => part !== undefined && part !== "").join(" · ");
}

/** 300 pixels in an inch of paper, two for each px of a screen. */
export async function pngOf(svg: string, look: readonly string[]): Promise<Uint8Array> {
  const { svgToPng } = await import("@mlxterp/viz/png");
  return svgToPng(svg, { scale: look.includes("paper") ? 300 / 96 : 2 });
}
