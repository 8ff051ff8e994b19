/** How a picture is to look: which design, and for what it is made. */
import { type OptionNames, oneOf } from "@mlxterp/results/errors";
import { type Theme, type ThemeName, themes, typefaces } from "./theme.js";

/** What may be said of a picture's looks. */
export interface LookOptions {
  /** Default: light. */
  readonly theme?: ThemeName;
  /** `screen`, the default, is as wide as a page in a browser; `paper` as a column of text, 6.5 inches. */
  readonly size?: "screen" | "paper";
}

/** The same, resolved. */
export interface Look {
  readonly theme: Theme;
  /** The widest that a picture gets where it can choose, in px of 1/96 inch. */
  readonly width: number;
  /** Of a picture with two axes. */
  readonly plotWidth: number;
}

const widths = {
  screen: { width: 930, plotWidth: 760 },
  paper: { width: 624, plotWidth: 624 },
} as const;

/** The rules of both. */
export const lookRules: OptionNames<LookOptions> = {
  theme: oneOf(...Object.keys(themes)),
  size: oneOf(...Object.keys(widths)),
};

/** Of options that are checked. */
export function lookOf({ theme = "light", size = "screen" }: LookOptions = {}): Look {
  return { theme: themes[theme], ...widths[size] };
}

/** Families for attributes of SVG, which stand in double quotes. */
export const svgFonts = {
  text: typefaces.text.replaceAll('"', "'"),
  token: typefaces.token.replaceAll('"', "'"),
} as const;
