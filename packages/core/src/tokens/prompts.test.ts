/** Everything that may be a prompt, and everything that may not. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { numbers, Stack } from "../../test/support/networks.js";
import { InterpretableModel } from "../model/model.js";
import type { Prompt } from "./tokens.js";

const model = new InterpretableModel(new CausalModel(), {
  tokenizer: { ...letters, padId: 9 },
  anatomy: { maxPositions: 6 },
});
const rows = (input: Prompt) => {
  const { array } = model.tokens(input);
  return array.tolist();
};

it.each([[undefined], [null], ["ids"], [{ length: 2 }]])(
  "a tokenizer that encodes a text as %j is told so",
  (encoded: unknown) => {
    const tokenizer = { ...letters, encode: () => encoded as number[] };
    const other = new InterpretableModel(new CausalModel(), { tokenizer });
    expect(() => other.tokens("abc")).toThrow("tokenizer.encode(text): must be a list, not ");
  },
);

describe("a prompt", () => {
  it.each<[string, Prompt, number[][]]>([
    ["a text", "abc", [[0, 1, 2]]],
    [
      "texts",
      ["ab", "cd"],
      [
        [0, 1],
        [2, 3],
      ],
    ],
    ["ids", [3, 1], [[3, 1]]],
    ["lists of ids", [[3], [4]], [[3], [4]]],
    [
      "texts and lists of ids",
      ["ab", [5, 6]] as never,
      [
        [0, 1],
        [5, 6],
      ],
    ],
    ["a typed array", new Int32Array([3, 1]) as never, [[3, 1]]],
    ["a list of typed arrays", [new Uint16Array([3]), [1]] as never, [[3], [1]]],
    ["an array of one axis", mx.array([3, 1], mx.int32), [[3, 1]]],
    [
      "an array of two axes",
      mx.array(
        [
          [3, 1],
          [2, 0],
        ],
        mx.int32,
      ),
      [
        [3, 1],
        [2, 0],
      ],
    ],
    ["an array of other integers", mx.array([[3, 1]], mx.uint8), [[3, 1]]],
  ])("may be %s", (_name, input, expected) => {
    expect(rows(input)).toEqual(expected);
    expect(model.tokens(input).array.dtype).toBe(mx.int32);
  });

  it("is padded on the right, and its own length is kept", () => {
    const { ids, lengths, padding, array } = model.tokens(["abc", "a", "ab"]);
    expect(array.tolist()).toEqual([
      [0, 1, 2],
      [0, 9, 9],
      [0, 1, 9],
    ]);
    expect(ids).toEqual([[0, 1, 2], [0], [0, 1]]);
    expect([lengths, padding]).toEqual([[3, 1, 2], "right"]);
  });

  it("lesson: tokens actually fed were not what the user thought: traces and caches show them", async () => {
    using trace = model.trace("abc");
    expect(trace.tokens?.ids).toEqual([[0, 1, 2]]);
    const cache = await model.run(["ab", "c"]);
    expect(cache.tokens?.ids).toEqual([[0, 1], [2]]);
  });

  it("stays on record as it was fed, whatever happens to the list", () => {
    const ids = [1, 2];
    const { ids: fed } = model.tokens([ids]);
    ids.push(3);
    expect(fed).toEqual([[1, 2]]);
  });

  it("of floats goes to the module as it is", () => {
    const stack = new InterpretableModel(new Stack());
    const x = numbers(1, 2, 4);
    using trace = stack.trace(x);
    expect(trace.tokens).toBeUndefined();
    expect(toFlat(trace.input.value)).toEqual(toFlat(x));
    const half = x.astype(mx.float16);
    expect(new InterpretableModel(new Stack(0)).trace(half).input.value.dtype).toBe(mx.float16);
  });
});

describe("a large batch", () => {
  it("is no reason to overflow the stack", () => {
    const many = Array.from({ length: 150_000 }, (_, index) => [index % 11]);
    expect(model.tokens(many).array.shape).toEqual([150_000, 1]);
  });
});

describe("numbers of an array", () => {
  it("are not the caller's to change afterwards", () => {
    const ids: MxArray = mx.array([1, 2], mx.int32);
    const { array } = model.tokens(ids);
    ids.indexPut_(0, 5);
    expect(array.tolist()).toEqual([[1, 2]]);
  });
});

describe("a batch of tokens as a prompt, of which only its array was believed", () => {
  const batch = model.tokens(["abc", "d"]);

  it("that the model made is taken as it is", () => {
    expect(model.tokens(batch)).toBe(batch);
  });

  it("that came from elsewhere is made anew from its ids: its array and lengths may say anything", () => {
    const array = mx.array([[900, -5]], mx.int32);
    const again = model.tokens({ ...batch, array, lengths: [9, 9] });
    expect([again.array.tolist(), again.lengths]).toEqual([batch.array.tolist(), [3, 1]]);
    expect(again.ids).toEqual(batch.ids);
  });

  it.each([
    ["without ids", { ids: undefined }, "INVALID_PROMPT"],
    ["of ids in no lists", { ids: [1, 2] }, "INVALID_PROMPT"],
    ["padded on the left", { padding: "left" }, "INVALID_PROMPT"],
    ["of no rows", { ids: [] }, "INVALID_PROMPT"],
    ["with an empty row", { ids: [[1], []] }, "INVALID_PROMPT"],
    ["of more tokens than there are positions", { ids: [[0, 1, 2, 3, 4, 5, 6]] }, "INVALID_PROMPT"],
    ["with an id beyond the vocabulary", { ids: [[1, 900]] }, "TOKEN_RANGE"],
    ["with an id below zero", { ids: [[-1]] }, "TOKEN_RANGE"],
  ])("is refused %s", (_, change, code) => {
    const given = { ...batch, ...change } as never;
    expect(() => model.tokens(given)).toThrow(expect.objectContaining({ code }));
  });

  it("is checked against the model it is given to, not the one that made it", () => {
    const narrow = new InterpretableModel(new CausalModel(), { anatomy: { maxPositions: 2 } });
    expect(() => narrow.tokens(batch)).toThrow(expect.objectContaining({ code: "INVALID_PROMPT" }));
  });
});
