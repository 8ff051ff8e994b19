/** The design of every picture, page and component: colours, type and spacing, light and dark, in one place. */
import { checkChoice } from "@mlxterp/results/errors";

/** Two designs, of equal rank. */
export type ThemeName = "light" | "dark";

/** Colours along a scale, from its low end to its high one, evenly apart. */
export type Ramp = readonly string[];

/** What is drawn with. */
export interface Theme {
  readonly name: ThemeName;
  /** Behind everything; behind a picture. */
  readonly ground: string;
  readonly card: string;
  /** Texts; texts that wait. Both are read on either ground (WCAG AA). */
  readonly ink: string;
  readonly quiet: string;
  /** Rules and frames. */
  readonly line: string;
  /** What one acts on, and what is chosen. */
  readonly accent: string;
  /** The other of two directions or signs. */
  readonly counter: string;
  readonly good: string;
  readonly bad: string;
  /** From nothing to much. */
  readonly sequential: Ramp;
  /** From below to above; the middle is what is neutral. */
  readonly diverging: Ramp;
  /** Lines, told apart without red and green (after Okabe and Ito). */
  readonly hues: readonly string[];
}

const light: Theme = {
  name: "light",
  ground: "#faf9f6",
  card: "#ffffff",
  ink: "#1b1d20",
  quiet: "#5b6068",
  line: "#dfddd6",
  accent: "#1f5fa8",
  counter: "#b04a0b",
  good: "#1b6e3c",
  bad: "#b3261e",
  sequential: ["#f5f7fa", "#d3e2f1", "#9dc1e2", "#5a98cc", "#2767ab", "#0c366b"],
  diverging: ["#7a2f04", "#b85512", "#e59b5f", "#f6d8bd", "#f4f3f0", "#c8dcef", "#7fb0dc", "#2f74b5", "#0c3a72"], // biome-ignore format: one ramp
  hues: ["#0068a8", "#c04a00", "#00795a", "#a8437f", "#8a6d00", "#4b5563"],
};

const dark: Theme = {
  name: "dark",
  ground: "#121417",
  card: "#191c20",
  ink: "#ebe9e4",
  quiet: "#a4a8ae",
  line: "#30353b",
  accent: "#82b8f2",
  counter: "#f0a164",
  good: "#7fcf9b",
  bad: "#ff9b92",
  sequential: ["#1f2328", "#1e3a58", "#25608f", "#3f8ac3", "#7dbbe8", "#d6ecfb"],
  diverging: ["#ffd7b0", "#f0a164", "#b4602a", "#5a3822", "#262a2f", "#21405f", "#3676b4", "#7fb6ee", "#d0e7fb"], // biome-ignore format: one ramp
  hues: ["#6db3f2", "#f29a5c", "#4fc3a1", "#e39ac6", "#d9bf55", "#aab2bd"],
};

/** Both designs by name. */
export const themes: Readonly<Record<ThemeName, Theme>> = { light, dark };

/** Families of type; nothing is loaded, so each ends in what any system has. */
export const typefaces = {
  text: `"Inter", "Source Sans 3", ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif`,
  token: `"JetBrains Mono", ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace`,
} as const;

/** Sizes of type, in px: a scale of about 1.2. */
const sizes = { tiny: 11, small: 12, text: 14, lead: 16, heading: 20, title: 29 } as const;

/** Distances, in px. */
const spaces = { hair: 2, small: 4, medium: 8, large: 16, wide: 28 } as const;

/**
 * A design as the variables of a stylesheet, `--mi-ink: #1b1d20;` and so on.
 *
 * @example
 * cssVariables("dark").includes("--mi-ink"); // true
 */
export function cssVariables(name: ThemeName): string {
  const chosen = checkChoice("name", name, Object.keys(themes) as ThemeName[]);
  const { sequential, diverging, hues, name: _, ...colours } = themes[chosen];
  const lists = { sequential, diverging, hue: hues };
  return [
    `color-scheme: ${name};`,
    ...Object.entries(colours).map(([key, value]) => `--mi-${key}: ${value};`),
    ...Object.entries(lists).flatMap(([key, list]) =>
      list.map((value, index) => `--mi-${key}-${index}: ${value};`),
    ),
    `--mi-font: ${typefaces.text};`,
    `--mi-font-token: ${typefaces.token};`,
    ...Object.entries(sizes).map(([key, value]) => `--mi-size-${key}: ${value}px;`),
    ...Object.entries(spaces).map(([key, value]) => `--mi-space-${key}: ${value}px;`),
  ].join(" ");
}
