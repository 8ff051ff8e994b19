/** How a picture is to look: which design, and for what it is made. */
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

/** @throws RangeError for a design or a size that does not exist */
export function lookOf({ theme = "light", size = "screen" }: LookOptions = {}): Look {
  if (!Object.hasOwn(themes, theme)) throw new RangeError(unknown("theme", theme, themes));
  if (!Object.hasOwn(widths, size)) throw new RangeError(unknown("size", size, widths));
  return { theme: themes[theme], ...widths[size] };
}

function unknown(name: string, value: string, known: object): string {
  return `There is no ${name} "${value}"; there are ${Object.keys(known).join(" and ")}.`;
}

/** Families for attributes of SVG, which stand in double quotes. */
export const svgFonts = {
  text: typefaces.text.replaceAll('"', "'"),
  token: typefaces.token.replaceAll('"', "'"),
} as const;
