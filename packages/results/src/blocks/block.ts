/** How a result is looked at, as plain data: no terminal, no SVG. Renderers know blocks, not methods. */

/** How much a text wants to be seen. */
export type Tone = "strong" | "good" | "bad" | "quiet";

/** A text of a table or grid; a plain string has no tone. */
export type Cell = string | { readonly text: string; readonly tone?: Tone };

/** How numbers become colours. */
export type ColourScale =
  /** From pale to dark, for amounts. */
  | { readonly kind: "sequential"; readonly domain: readonly [number, number] }
  /** One colour below the pivot, pale at it, another above. */
  | {
      readonly kind: "diverging";
      readonly domain: readonly [number, number];
      readonly pivot: number;
    };

interface Shared {
  /** Where it is shown, if not everywhere: a terminal has less room than a page. */
  readonly only?: "terminal" | "page";
}

/** A heading, and what stands below it. */
export interface SectionBlock extends Shared {
  readonly kind: "section";
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** A paragraph. */
export interface TextBlock extends Shared {
  readonly kind: "text";
  readonly text: string;
  readonly tone?: Tone;
}

/** Tokens in a row, perhaps coloured by a value each. */
export interface TokensBlock extends Shared {
  readonly kind: "tokens";
  readonly label: string;
  readonly pieces: readonly string[];
  readonly values?: readonly number[];
  readonly scale?: ColourScale;
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  /** Default: left. */
  readonly align?: "left" | "right";
}

/** Rows of texts. */
export interface TableBlock extends Shared {
  readonly kind: "table";
  readonly caption?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** How many columns on the left stay when the others do not fit beside each other. Default: 1. */
  readonly fixed?: number;
  /** What the other columns are, in the plural. Default: columns. */
  readonly unit?: string;
  /** The widest a column gets, in characters. Default: 24. */
  readonly widest?: number;
}

/** What the places along an axis are in a model's words, so that a program can act where a reader points. */
export interface Places {
  /** Such as `layer`, `head`, `position`. */
  readonly axis: string;
  /** One for each row or column: its number, or a word such as `embedding`; null where it is none. */
  readonly at: readonly (number | string | null)[];
}

/** A prompt that is compared with another. */
export interface ComparedPrompt {
  readonly label: string;
  readonly pieces: readonly string[];
  /** The likeliest token after it as it is. */
  readonly says?: { readonly text: string; readonly probability: number };
}

/** A heat map. */
export interface GridBlock extends Shared {
  readonly kind: "grid";
  readonly title: string;
  readonly subtitle?: string;
  /** What rows and columns are. */
  readonly rowTitle: string;
  readonly columnTitle: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [row][column]; null leaves a cell empty. */
  readonly values: readonly (readonly (number | null)[])[];
  /** [row][column], written into the cells. Default: the numbers. */
  readonly cells?: readonly (readonly Cell[])[];
  /** [row][column], shown when a cell is pointed at. */
  readonly details?: readonly (readonly string[])[];
  /** [row][column], the tokens that are likeliest there, the first before the others. */
  readonly alternatives?: readonly (readonly (readonly {
    readonly text: string;
    readonly probability: number;
  }[])[])[];
  readonly rowPlaces?: Places;
  readonly columnPlaces?: Places;
  /** Prompts that are compared, token by token; `alternatives` are then what they say once something is changed. */
  readonly prompts?: readonly ComparedPrompt[];
  readonly scale: ColourScale;
  /** What the colours measure. */
  readonly legend: string;
  /** Whether the first row is at the bottom of pictures, as layers are. Default: true. */
  readonly upwards?: boolean;
  /** What the columns are, in the plural, where not all can be shown. */
  readonly unit?: string;
}

/** One bar, with its interval where there is one. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** Bars, drawn in the order given. */
export interface BarsBlock extends Shared {
  readonly kind: "bars";
  readonly title: string;
  readonly subtitle?: string;
  /** What they measure. */
  readonly axis: string;
  readonly bars: readonly Bar[];
}

/** Curves over shared places. */
export interface LinesBlock extends Shared {
  readonly kind: "lines";
  readonly title: string;
  readonly subtitle?: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Numbers, or names in their order. */
  readonly x: readonly (number | string)[];
  readonly lines: readonly {
    readonly label: string;
    readonly values: readonly (number | null)[];
    /** The interval of every value, where there is one. */
    readonly low?: readonly (number | null)[];
    readonly high?: readonly (number | null)[];
  }[];
}

/** How often values fall between edges. */
export interface HistogramBlock extends Shared {
  readonly kind: "histogram";
  readonly title: string;
  readonly subtitle?: string;
  readonly axis: string;
  /** One more than there are counts. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Points with names. */
export interface ScatterBlock extends Shared {
  readonly kind: "scatter";
  readonly title: string;
  readonly subtitle?: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: string }[];
}

/** Who looks at whom: one pattern for each head. */
export interface AttentionBlock extends Shared {
  readonly kind: "attention";
  readonly pieces: readonly string[];
  /** Whether no query sees a later key, so that half of each pattern is empty. */
  readonly causal: boolean;
  /** Weights are (query, key), row by row. */
  readonly patterns: readonly {
    readonly layer: number;
    readonly head: number;
    readonly weights: Float32Array;
  }[];
  /** The head that is shown first. Default: the first. */
  readonly open?: { readonly layer: number; readonly head: number };
}

/** Nodes in columns, and edges between them. */
export interface GraphBlock extends Shared {
  readonly kind: "graph";
  readonly title: string;
  readonly subtitle?: string;
  /** `rank` is the column, from left to right. */
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly rank: number }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly weight: number;
  }[];
}

/** A piece of what is shown. */
export type Block =
  | SectionBlock
  | TextBlock
  | TokensBlock
  | TableBlock
  | GridBlock
  | BarsBlock
  | LinesBlock
  | HistogramBlock
  | ScatterBlock
  | AttentionBlock
  | GraphBlock;
