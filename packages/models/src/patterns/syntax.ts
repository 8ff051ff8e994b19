/** The tree of a regular expression. */
import type { CodeSet } from "./code-set.js";

export type PatternNode =
  | { readonly kind: "set"; readonly set: CodeSet }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly parts: readonly PatternNode[] }
  | {
      readonly kind: "repeat";
      readonly part: PatternNode;
      readonly least: number;
      /** Infinity where there is no bound. */
      readonly most: number;
      readonly greedy: boolean;
    }
  /** One character beside the place, which stays where it is. */
  | {
      readonly kind: "look";
      readonly set: CodeSet;
      readonly behind: boolean;
      readonly negated: boolean;
    }
  | { readonly kind: "place"; readonly place: Place };

export type Place =
  | "textStart"
  | "textEnd"
  | "lastLineEnd"
  | "lineStart"
  | "lineEnd"
  | "word"
  | "notWord";

/** Why a pattern is not read; caught where the file's name is known. */
export class PatternSyntaxError extends Error {}
