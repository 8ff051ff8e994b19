/** Short ways to write the most frequent blocks. */

import { checkChoice } from "../errors/check-options.js";
import {
  checkFinite,
  checkIterable,
  checkList,
  checkNumber,
  checkRecord,
  checkText,
} from "../errors/option-rules.js";
import { checkGrid } from "../grids/check-grid.js";
import type { Grid } from "../grids/grid.js";
import { labelKey } from "../grids/label.js";
import { checkFed } from "../results/check-parts.js";
import type { Fed } from "../results/fed.js";
import type { Note } from "../results/result.js";
import type { Block, ColourScale, Places, TextBlock, TokensBlock, Tone } from "./block.js";
import { checkBlocks } from "./check-blocks.js";

/**
 * A heading with what stands below it.
 *
 * @example
 * section("What was found", text("Nothing."));
 */
export function section(title: string, ...blocks: readonly Block[]): Block {
  checkText("title", title);
  checkBlocks("blocks", blocks);
  return { kind: "section", title, blocks };
}

/**
 * A paragraph.
 *
 * @example
 * text("Nothing was found.").kind; // "text"
 */
export function text(content: string, tone?: Tone): TextBlock {
  checkText("content", content);
  if (tone !== undefined) checkChoice("tone", tone, ["strong", "good", "bad", "quiet"]);
  return { kind: "text", text: content, ...(tone && { tone }) };
}

const roleNames: Readonly<Record<string, string>> = {
  prompt: "Tokens fed",
  clean: "Clean",
  corrupted: "Corrupted",
};

/**
 * What was fed, token by token; of what a method drew by chance only the first.
 *
 * @example
 * fedBlocks([{ role: "prompt", ids: [4], pieces: ["Mary"] }])[0].label; // "Tokens fed"
 */
export function fedBlocks(fed: readonly Fed[]): TokensBlock[] {
  checkFed("fed", fed);
  const drawn = fed.filter(({ role }) => role === "random").slice(0, 1);
  return [...fed.filter(({ role }) => role !== "random"), ...drawn].map(({ role, pieces }) => ({
    kind: "tokens",
    label: role === "random" ? "The first of the random sequences" : (roleNames[role] ?? role),
    pieces,
  }));
}

/**
 * What a reader must know.
 *
 * @example
 * noteBlocks([{ code: "one-prompt", text: "one prompt" }])[0].text; // "Note: one prompt"
 */
export function noteBlocks(notes: readonly Note[]): TextBlock[] {
  checkList("notes", notes);
  for (const [index, note] of notes.entries()) {
    checkRecord(`notes[${index}]`, note);
    checkText(`notes[${index}].text`, note.text);
  }
  return notes.map((note) => text(`Note: ${note.text}`));
}

/**
 * What the rows or columns of a picture are in the model's words, so that a program can act where a reader points.
 *
 * @example
 * placesOf(readout.grids.entropy, "layer").at[0]; // "embedding"
 */
export function placesOf<A extends string>(grid: Grid<A>, axis: A): Places {
  checkGrid("grid", grid);
  return { axis, at: grid.labels[checkChoice("axis", axis, grid.axes)].map(labelKey) };
}

/**
 * A diverging scale as wide on both sides of the pivot, so that equal shades mean equal sizes.
 *
 * @example
 * divergingAround([1, -3], 0).domain; // [-3, 3]
 */
export function divergingAround(
  values: Iterable<number | null>,
  pivot: number,
  least = 1e-6,
): ColourScale {
  checkIterable("values", values);
  checkFinite("pivot", pivot);
  checkFinite("least", least);
  let reach = least;
  for (const value of values) {
    if (value !== null && value !== undefined) checkNumber("values", value);
    const size = Math.abs((value ?? pivot) - pivot);
    if (Number.isFinite(size)) reach = Math.max(reach, size);
  }
  return { kind: "diverging", domain: [pivot - reach, pivot + reach], pivot };
}
