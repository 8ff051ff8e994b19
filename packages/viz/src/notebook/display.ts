/** Blocks as notebooks show them: the value of a cell that knows how it is displayed (Deno, and kernels that do alike). */
import { type Block, checkBlocks } from "@mlxterp/results";
import { checkOptions, checkPositiveInteger, checkText } from "@mlxterp/results/errors";
import { drawBlocks } from "../draw/draw-block.js";
import { htmlReport } from "../report/html-report.js";
import { escapeMarkup } from "../text.js";

/** What a notebook reads of a value: contents by type of medium. */
export interface Displayed {
  readonly "text/plain": string;
  readonly "text/html": string;
  readonly "image/svg+xml": string;
}

/** A value that a notebook displays. */
export interface Displayable {
  [key: symbol]: () => Promise<Displayed>;
}

export interface DisplayOptions {
  /** Above everything. */
  readonly title?: string;
  /** Of the frame that the components are in, in px. Default: 560. */
  readonly height?: number;
}

/**
 * Makes blocks the value of a notebook's cell: interactive where HTML is shown, as a picture elsewhere.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no block, naming the field that is wrong
 * @example
 * const shown = await display(lens.view(readout), { title: "Logit lens" })[Symbol.for("Jupyter.display")]();
 * shown["text/plain"]; // "Logit lens"
 */
export function display(blocks: readonly Block[], options: DisplayOptions = {}): Displayable {
  checkBlocks("blocks", blocks);
  checkOptions<DisplayOptions>("display", options, {
    title: checkText,
    height: checkPositiveInteger,
  });
  const { title = "mlxterp", height = 560 } = options;
  return {
    [Symbol.for("Jupyter.display")]: async () => ({
      "text/plain": title,
      "text/html": frameOf(await htmlReport({ title, blocks }), title, height),
      "image/svg+xml": await drawBlocks(blocks, { title }),
    }),
  };
}

/** A frame of its own: its styles and script touch nothing of the notebook. */
function frameOf(page: string, title: string, height: number): string {
  return `<iframe title="${escapeMarkup(title)}" sandbox="allow-scripts" style="width:100%;height:${height}px;border:0" srcdoc="${attributeOf(page)}"></iframe>`;
}

/** Every character stays what it is. */
function attributeOf(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}
