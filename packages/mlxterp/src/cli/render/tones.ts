/** How a terminal shows tones. */
import type { Tone } from "@mlxterp/results";
import type { TextStyle } from "../terminal/screen.js";

const styles: Readonly<Record<Tone, TextStyle>> = {
  strong: ["bold", "green"],
  good: "green",
  bad: "red",
  quiet: "dim",
};

export function styleOf(tone: Tone): TextStyle {
  return styles[tone];
}
