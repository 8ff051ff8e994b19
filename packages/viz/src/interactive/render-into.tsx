/** Blocks in a page that does not know Preact. */
import { type Block, checkBlocks } from "@mlxterp/results";
import { brief, checkBoolean, checkOptions, InvalidArgumentError } from "@mlxterp/results/errors";
import { render } from "preact";
import { BlocksView } from "./block-view.js";
import type { OnSelect } from "./parts/selection.js";
import { viewRules } from "./parts/strict-view.js";
import type { ThemeChoice } from "./parts/use-theme.js";
import { interactiveStyles } from "./styles.js";

export interface RenderOptions {
  /** Default: as the system is set. */
  readonly theme?: ThemeChoice;
  readonly onSelect?: OnSelect;
  /** Of the headings around. Default: 2. */
  readonly depth?: number;
  /** Whether the document gets the styles. Default: true. */
  readonly styles?: boolean;
}

const marker = "mi-styles";

/**
 * Draws blocks in the place of what an element holds. A second call with the same element renews them.
 *
 * @returns takes them away again
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no block, naming the field that is wrong
 */
export function renderInto(
  element: Element,
  blocks: readonly Block[],
  given: RenderOptions = {},
): () => void {
  checkBlocks("blocks", blocks);
  checkOptions<RenderOptions>("renderInto", given, { ...viewRules, styles: checkBoolean });
  if (typeof element?.ownerDocument !== "object" || typeof element.insertBefore !== "function") {
    const rule = `must be an element of a page, not ${brief(element)}.`;
    throw new InvalidArgumentError("element", element, rule);
  }
  const { styles = true, ...options } = given;
  const { ownerDocument: page } = element;
  if (styles && !page.getElementById(marker)) {
    const style = page.createElement("style");
    style.id = marker;
    style.textContent = interactiveStyles;
    page.head.append(style);
  }
  render(<BlocksView blocks={blocks} {...options} />, element);
  return () => render(null, element);
}
