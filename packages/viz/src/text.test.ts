/** Texts for figures. */
import { formatCell, formatNumber, visibleToken } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { textOn } from "./design/colour-of.js";
import { escapeMarkup, shorten } from "./text.js";

describe("texts", () => {
  it("makes blanks, line ends, controls and nothing visible", () => {
    expect(["", " the", "a b", "  ", "\n\n", "\u0007"].map(visibleToken)).toEqual([
      "∅",
      "·the",
      "a b",
      "··",
      "\\n\\n",
      "\\x07",
    ]);
  });

  it("shortens by characters, not by halves of them", () => {
    expect(shorten("abcdef", 4)).toBe("abc…");
    expect(shorten("😀😀😀", 2)).toBe("😀…");
    expect(shorten("abc", 3)).toBe("abc");
  });

  it("escapes markup, and replaces what XML cannot hold", () => {
    expect(escapeMarkup(`<a b="c" d='e'>&`)).toBe("&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
    expect(escapeMarkup("a\u0000b\ud800c")).toBe("a\ufffdb\ufffdc");
  });

  it("writes numbers short", () => {
    expect([0.12345, -2, 1e-7, 123456, Number.NaN].map(formatNumber)).toEqual([
      "0.123",
      "−2",
      "1.0e−7",
      "123456",
      "NaN",
    ]);
    expect([0.004, -0.004, -1.5, 1234].map(formatCell)).toEqual(["0.00", "0.00", "−1.50", "1234"]);
  });

  it("writes dark on pale and pale on dark", () => {
    expect(["#ffffff", "#deebf7", "#08306b"].map(textOn)).toEqual([
      "#15171a",
      "#15171a",
      "#ffffff",
    ]);
  });
});
