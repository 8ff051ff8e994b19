/** Text is measured, broken and shortened in columns of a terminal. */

import { visibleToken } from "@mlxterp/results";
import { expect, it } from "vitest";
import { displayWidth, shorten, wrap } from "./text.js";

it.each([
  ["abc", 3],
  ["表", 2],
  ["e\u0301", 1],
  ["\u001B[1mbold\u001B[22m", 4],
  ["", 0],
])("%j takes %i columns", (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

it("shortens to the width asked for and no further", () => {
  expect(shorten("abcdef", 6)).toBe("abcdef");
  expect(shorten("abcdefg", 6)).toBe("abcde…");
  expect(displayWidth(shorten("表表表表", 6))).toBeLessThanOrEqual(6);
});

it("breaks between words and leaves long words whole", () => {
  expect(wrap("one two three", 8)).toBe("one two\nthree");
  expect(wrap("a verylongword b", 6)).toBe("a\nverylongword\nb");
});

it("shows blanks, line ends and controls of a token", () => {
  expect(visibleToken(" Tom")).toBe("·Tom");
  expect(visibleToken("\n")).toBe("\\n");
  expect(visibleToken("\u001B[31m")).toBe("\\x1b[31m");
  expect(visibleToken("")).toBe("∅");
});
