/** Text measured in columns of a terminal: width, wrapping, shortening. */
import stringWidth from "string-width";

const plain = /^[ -~]*$/;

/** How many columns a text takes; escape codes take none. */
export function displayWidth(text: string): number {
  return plain.test(text) ? text.length : stringWidth(text);
}

const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** A text of at most `width` columns, ending in … where something is missing. */
export function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  for (const { segment } of characters.segment(text)) {
    if (displayWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Breaks text between words. A word that is wider than the line stays whole. */
export function wrap(text: string, width: number): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      const longer = line === "" ? word : `${line} ${word}`;
      if (line !== "" && displayWidth(longer) > width) {
        lines.push(line);
        line = word;
      } else {
        line = longer;
      }
    }
    lines.push(line);
  }
  return lines.join("\n");
}
