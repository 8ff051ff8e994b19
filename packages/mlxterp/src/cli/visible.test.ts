/** What a terminal would obey or hide is written out, and nothing else is changed. */

import { visibleJson, visibleLine, visibleText } from "@mlxterp/results";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guarded } from "./terminal/door.js";

/** Any code point; fast-check's own list of them would keep 85 MB, which each full collection has to go through. */
const anyCharacter = fc
  .integer({ min: 0, max: 0x10_ffff - 0x800 })
  .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + 0x800)); // no halves of a pair

/** By Unicode's own lists, written down independently: controls, bidirectional marks, characters of no width. */
function obeyedOrHidden(code: number): boolean {
  const inside = (from: number, to: number) => code >= from && code <= to;
  return (
    (inside(0, 0x1f) && code !== 9 && code !== 10) ||
    inside(0x7f, 0x9f) ||
    [0xad, 0x61c, 0xfeff, 0x180e, 0x3164, 0x115f, 0x1160, 0xffa0].includes(code) ||
    inside(0x200b, 0x200f) ||
    inside(0x2028, 0x202e) ||
    inside(0x2060, 0x206f) ||
    inside(0xd800, 0xdfff) ||
    inside(0xe0000, 0xe0fff)
  );
}

describe("text", () => {
  it.each([
    ["\u001b]0;pwned\u0007\u001b[2J", "\\x1b]0;pwned\\x07\\x1b[2J"],
    ["\u009b31m", "\\x9b31m"],
    ["user\u202Egnp.exe", "user\\u{202e}gnp.exe"],
    ["a\u200Bb\uFEFF", "a\\u{200b}b\\u{feff}"],
    ["over\rwritten", "over\\rwritten"],
    ["\u{E0041}", "\\u{e0041}"],
    ["\uD800", "\\u{d800}"],
    ["two\nlines\tand a tab", "two\nlines\tand a tab"],
    ["大きな表 é ñ שלום", "大きな表 é ñ שלום"],
    ["👩‍👩‍👧 ❤️ 1️⃣ 👍🏽", "👩‍👩‍👧 ❤️ 1️⃣ 👍🏽"],
    ["a\u200Db", "a\\u{200d}b"],
  ])("%j is shown as %j", (text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it("holds nothing afterwards that a terminal obeys or hides, whatever was in it", () => {
    const anything = fc.string({ unit: anyCharacter });
    fc.assert(
      fc.property(anything, (text) => {
        // form selectors and joiners of emoji are the only ones that stay
        const left = visibleText(text).replace(/\p{Extended_Pictographic}[\uFE0F\u200D]*/gu, "");
        expect([...left].filter((one) => obeyedOrHidden(one.codePointAt(0)!))).toEqual([]);
        expect(visibleLine(text)).not.toMatch(/[\n\t]/);
      }),
      { numRuns: 500 },
    );
  });

  it("of every single character is shown", () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      if (!obeyedOrHidden(code)) continue;
      const character = String.fromCodePoint(code);
      if (visibleText(character) === character) expect.fail(`U+${code.toString(16)} is sent`);
    }
  });
});

describe("JSON", () => {
  it("means the same afterwards, and is plain", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: anyCharacter }), (value, text) => {
        const json = JSON.stringify({ value, text, [text]: 1 }, null, 2);
        const shown = visibleJson(json);
        expect(JSON.parse(shown)).toEqual(JSON.parse(json));
        expect([...shown].filter((one) => obeyedOrHidden(one.codePointAt(0)!))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("the door", () => {
  const throughDoor = (text: string, environment: Record<string, string>) => {
    const written = { stdout: "", stderr: "" };
    const stream = (name: keyof typeof written) => ({
      write: (part: string) => {
        written[name] += part;
      },
    });
    const io = guarded({
      ...{ stdout: stream("stdout"), stderr: stream("stderr"), environment },
      ...{ folder: ".", signal: new AbortController().signal, version: "1" },
    });
    io.stdout.write(text);
    io.stderr.write(text);
    return written;
  };

  it("lets this command's own styles pass where there are colours, and no other sequence", () => {
    const text = "\u001b[1mbold\u001b[22m \u001b[2J\u001b]8;;x\u0007";
    const plain = "\\x1b[1mbold\\x1b[22m \\x1b[2J\\x1b]8;;x\\x07";
    expect(throughDoor(text, {})).toEqual({ stdout: plain, stderr: plain });
    const colored = throughDoor(text, { FORCE_COLOR: "1" });
    expect(colored.stdout).toBe("\u001b[1mbold\u001b[22m \\x1b[2J\\x1b]8;;x\\x07");
    expect(colored.stderr).toBe(plain);
  });
});
