/** atPositions and atKeys: own ends of ragged prompts, padding, generation, ranges. */
import { MissingAxisError, OutOfRangeError, type Positions, type SiteContext } from "@mlxterp/core";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { atKeys, atPositions } from "./at-positions.js";
import { ValueShapeError } from "./errors.js";
import { replaceWith, zeroOut } from "./replace-with.js";
import {
  changed,
  counting,
  patternAxes,
  siteContext,
  tokenBatch,
  valueAxes,
} from "./test-support.js";

/** Which columns change at a residual site, one string for each prompt: "..x" is the third of three. */
function columns(
  positions: Positions,
  shape: [number, number],
  changes: Partial<SiteContext>,
): string[] {
  const x = counting([...shape, 1]);
  const flags = changed(x, atPositions(positions, zeroOut())(x, siteContext(changes)));
  const marks = flags.map((flag) => (flag ? "x" : ".")).join("");
  return Array.from({ length: shape[0] }, (_, row) =>
    marks.slice(row * shape[1], (row + 1) * shape[1]),
  );
}

const ragged = tokenBatch([3, 5]);
const leftPadded = tokenBatch([3, 5], "left");

describe("atPositions", () => {
  it("counts from the first token, or from the last when there is no padding to know of", () => {
    expect(columns(1, [2, 4], {})).toEqual([".x..", ".x.."]);
    expect(columns([0, -1], [1, 4], {})).toEqual(["x..x"]);
    expect(columns(-2, [2, 4], { tokens: tokenBatch([4, 4]) })).toEqual(["..x.", "..x."]);
  });

  it("regression: position -1 read padding instead of each prompt's own last token", () => {
    expect(columns(-1, [2, 5], { tokens: ragged })).toEqual(["..x..", "....x"]);
    expect(columns([0, -2], [2, 5], { tokens: ragged })).toEqual(["xx...", "x..x."]);
  });

  it("counts from the first real token under padding on the left", () => {
    expect(columns(0, [2, 5], { tokens: leftPadded })).toEqual(["..x..", "x...."]);
    expect(columns(-1, [2, 5], { tokens: leftPadded })).toEqual(["....x", "....x"]);
  });

  it("refuses a position that one of the prompts lacks, and names the prompt", () => {
    const beyond = () => columns(3, [2, 5], { tokens: ragged });
    expect(beyond).toThrow(OutOfRangeError);
    expect(beyond).toThrow(/Position 3 .* prompt 0 at "layers\.3" has 3/);
    expect(() => columns(-4, [2, 5], { tokens: ragged })).toThrow(OutOfRangeError);
    expect(() => columns(4, [1, 4], {})).toThrow(/has 4/);
  });

  it.each<[Positions, string[]]>([
    [{ from: 1, to: 3 }, [".xx..", ".xx.."]],
    [{ from: 1 }, [".xx..", ".xxxx"]],
    [{ to: -2 }, ["x....", "xxx.."]],
    [{ from: -2, to: -1 }, [".x...", "...x."]],
    [{ from: 1, to: -1 }, [".x...", ".xxx."]],
    [{ to: 4 }, ["xxx..", "xxxx."]],
    [{ from: -9, to: 9 }, ["xxx..", "xxxxx"]],
  ])("takes of the range %o what slice would", (range, expected) => {
    expect(columns(range, [2, 5], { tokens: ragged })).toEqual(expected);
  });

  it("refuses ranges that are empty for a prompt", () => {
    expect(() => columns({ from: 2, to: -2 }, [2, 5], { tokens: ragged })).toThrow(
      /empty for prompt 0/,
    );
    expect(() => columns({ from: 3 }, [2, 5], { tokens: ragged })).toThrow(/empty for prompt 0/);
  });

  it("acts on queries at patterns and on tokens at keys and values", () => {
    const pattern = counting([1, 1, 3, 3]);
    const context = siteContext({ axes: patternAxes });
    expect(changed(pattern, atPositions(1, zeroOut())(pattern, context))).toEqual(
      [0, 0, 0, 1, 1, 1, 0, 0, 0].map(Boolean),
    );
    const value = counting([2, 1, 3, 1]); // (batch, kvHeads, position, headDim)
    const ends = siteContext({ axes: valueAxes, tokens: tokenBatch([2, 3]) });
    expect(changed(value, atPositions(-1, zeroOut())(value, ends))).toEqual(
      [0, 1, 0, 0, 0, 1].map(Boolean),
    );
  });

  it("finds the batch where it follows the positions", () => {
    const x = counting([3, 2]); // (position, batch)
    const context = siteContext({ axes: ["position", "batch"], tokens: tokenBatch([2, 3]) });
    expect(changed(x, atPositions(-1, zeroOut())(x, context))).toEqual(
      [0, 0, 1, 0, 0, 1].map(Boolean),
    );
  });

  it("is right again when the next pass has other prompts", () => {
    const last = atPositions(-1, zeroOut());
    const x = counting([2, 4, 1]);
    const run = (lengths: number[]) =>
      changed(x, last(x, siteContext({ tokens: tokenBatch(lengths) })));
    expect(run([4, 2])).toEqual([0, 0, 0, 1, 0, 1, 0, 0].map(Boolean));
    expect(run([2, 4])).toEqual([0, 1, 0, 0, 0, 0, 0, 1].map(Boolean));
    expect(run([4, 2])).toEqual([0, 0, 0, 1, 0, 1, 0, 0].map(Boolean));
  });

  it("counts on from what a cache holds of the prompt", () => {
    const suffix = { tokens: tokenBatch([3]), offset: 4 };
    expect(columns([5, -1], [1, 3], suffix)).toEqual([".xx"]);
    expect(columns({ from: -2 }, [1, 3], { ...suffix, step: 0 })).toEqual([".xx"]);
    expect(columns(-1, [1, 1], { ...suffix, step: 0 })).toEqual(["x"]);
    expect(() => columns(3, [1, 3], suffix)).toThrow(OutOfRangeError);
    expect(() => columns(7, [1, 3], suffix)).toThrow(/has 7/);
  });

  it("takes the number of an axis where axes have no names", () => {
    const x = counting([2, 3]);
    const context = siteContext({ axes: undefined, tokens: tokenBatch([2, 3]) });
    expect(() => atPositions(0, zeroOut())(x, context)).toThrow(MissingAxisError);
    expect(changed(x, atPositions(-1, zeroOut(), { axis: 1 })(x, context))).toEqual(
      [0, 1, 0, 0, 0, 1].map(Boolean),
    );
  });

  it("needs a batch axis of the right size to tell prompts of different lengths apart", () => {
    const flat = siteContext({ axes: ["position", "hidden"], tokens: ragged });
    expect(() => atPositions(-1, zeroOut())(counting([5, 2]), flat)).toThrow(MissingAxisError);
    expect(changed(counting([5, 1]), atPositions(1, zeroOut())(counting([5, 1]), flat))).toEqual(
      [0, 1, 0, 0, 0].map(Boolean),
    );
    const grown = siteContext({ tokens: ragged });
    expect(() => atPositions(-1, zeroOut())(counting([4, 5, 1]), grown)).toThrow(ValueShapeError);
  });

  it("works in a batch that a sweep has enlarged, when prompts are equally long", () => {
    expect(columns(-1, [4, 3], { tokens: tokenBatch([3, 3]) })).toEqual([
      "..x",
      "..x",
      "..x",
      "..x",
    ]);
  });

  it.each([
    [[]],
    [0.5],
    [{}],
    [{ from: 3, to: 2 }],
    [{ from: 2, to: 2 }],
    [{ to: 0 }],
    [{ from: 1, till: 2 }],
    [{ from: -1, to: -2 }],
    [{ from: 0.5 }],
    ["1"],
  ])("refuses the positions %o when it is made", (positions) => {
    expect(() => atPositions(positions as Positions, zeroOut())).toThrow(InvalidArgumentError);
  });
});

describe("atPositions while generating", () => {
  const tokens = tokenBatch([3]);
  const prompt = { tokens, step: 0, offset: 0 };
  const later = (step: number) => ({ tokens, step, offset: 2 + step });

  it("acts on positions of the prompt in the prompt's pass only", () => {
    expect(columns(-1, [1, 3], prompt)).toEqual(["..x"]);
    expect(columns(-1, [1, 1], later(1))).toEqual(["."]);
    expect(columns([0, 2], [1, 3], prompt)).toEqual(["x.x"]);
    expect(columns([0, 2], [1, 1], later(1))).toEqual(["."]);
  });

  it("acts on an absolute position in the step that computes it", () => {
    expect(columns(4, [1, 3], prompt)).toEqual(["..."]);
    expect(columns(4, [1, 1], later(1))).toEqual(["."]);
    expect(columns(4, [1, 1], later(2))).toEqual(["x"]);
    expect(columns(4, [1, 1], later(3))).toEqual(["."]);
  });

  it("includes every generated token in a range without an end", () => {
    expect(columns({ from: -1 }, [1, 3], prompt)).toEqual(["..x"]);
    expect(columns({ from: -1 }, [1, 1], later(1))).toEqual(["x"]);
    expect(columns({ to: -1 }, [1, 1], later(1))).toEqual(["."]);
    expect(columns({ from: 4 }, [1, 1], later(1))).toEqual(["."]);
    expect(columns({ from: 4 }, [1, 1], later(7))).toEqual(["x"]);
  });

  it("keeps each prompt's own count under padding on the left", () => {
    const batch = (step: number) => ({
      tokens: leftPadded,
      step,
      offset: step === 0 ? 0 : 4 + step,
    });
    expect(columns(3, [2, 5], batch(0))).toEqual([".....", "...x."]);
    expect(columns(3, [2, 1], batch(1))).toEqual(["x", "."]);
    expect(columns(5, [2, 1], batch(1))).toEqual([".", "x"]);
    expect(columns(5, [2, 1], batch(3))).toEqual(["x", "."]);
  });

  it("is told the same by the prompt's tokens and by those of the step alone", () => {
    const fed = (step: number) => ({ tokens: tokenBatch([1]), step, offset: 2 + step });
    for (const positions of [-1, -3, [0, -2], { from: -3 }, { from: -2, to: 4 }, { to: -1 }]) {
      for (const step of [1, 2, 3]) {
        expect(columns(positions, [1, 1], fed(step))).toEqual(
          columns(positions, [1, 1], later(step)),
        );
      }
    }
    expect(columns({ from: -3 }, [1, 1], fed(1))).toEqual(["x"]);
  });

  it("finds the prompt's end where a site holds nothing else, as the logits do", () => {
    expect(columns(-1, [1, 1], prompt)).toEqual(["x"]);
    expect(columns([0, 1], [1, 1], prompt)).toEqual(["."]);
    expect(columns({ from: 1 }, [1, 1], prompt)).toEqual(["x"]);
  });

  it("still refuses a position before the first token, which no step will compute", () => {
    expect(() => columns(-4, [1, 3], prompt)).toThrow(OutOfRangeError);
  });

  it("does not call the inner intervention in a step that it skips", () => {
    const never = atPositions(-1, () => {
      throw new Error("called");
    });
    const x = counting([1, 1, 2]);
    expect(never(x, siteContext(later(1))) === x).toBe(true);
  });
});

describe("atKeys", () => {
  it("acts on what is attended to, in every later step too", () => {
    const scores = counting([1, 1, 3, 3]);
    const cut = atKeys(0, replaceWith(0));
    expect(changed(scores, cut(scores, siteContext({ axes: patternAxes })))).toEqual(
      [1, 0, 0, 1, 0, 0, 1, 0, 0].map(Boolean),
    );
    const later = siteContext({ axes: patternAxes, tokens: tokenBatch([3]), step: 2, offset: 4 });
    const row = counting([1, 1, 1, 5]);
    expect(changed(row, cut(row, later))).toEqual([1, 0, 0, 0, 0].map(Boolean));
  });

  it("knocks one edge out together with atPositions", () => {
    const scores = counting([1, 1, 3, 3]);
    const edge = atPositions(-1, atKeys(1, replaceWith(Number.NEGATIVE_INFINITY)));
    expect(changed(scores, edge(scores, siteContext({ axes: patternAxes })))).toEqual(
      [0, 0, 0, 0, 0, 0, 0, 1, 0].map(Boolean),
    );
  });

  it("needs an axis of keys", () => {
    expect(() => atKeys(0, zeroOut())(counting([1, 2, 3]), siteContext())).toThrow(/scores/);
  });
});
