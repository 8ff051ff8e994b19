/** What a reader chose, as plain data. */
import type { Block } from "@mlxterp/results";

/** Where one acted: enough for a program to act there, too. */
export interface Selection {
  readonly block: Block;
  /**
   * The place by axis, in the block's words: `{ layer: 3, position: 7 }` where a grid says what its rows and columns are, else
   * `{ row, column }`; `{ layer, head, query, key }`, `{ position }`, `{ bar }`, `{ line, x }`, `{ bin }`, `{ point }`.
   */
  readonly cell?: Readonly<Record<string, number | string | null>>;
  readonly value?: number;
  /** The token that is meant, as text. */
  readonly token?: string;
  /** The node of a graph, by id. */
  readonly node?: string;
}

/** Called when something is chosen by click, Enter or Space. */
export type OnSelect = (selection: Selection) => void;

/** What every component takes besides its block. */
export interface ViewProps<B> {
  readonly block: B;
  readonly onSelect?: OnSelect;
}
