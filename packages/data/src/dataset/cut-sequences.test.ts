/** Packing: every token once, in order, in sequences of exactly one length. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { letters } from "../testing/small-model.js";
import { cutIntoSequences } from "./cut-sequences.js";

/** One token for each letter, and nothing around a text. */
const bare = { encode: (text: string) => letters.encode(text).slice(1) };

async function listed(sequences: AsyncIterable<number[]>): Promise<number[][]> {
  const list: number[][] = [];
  for await (const sequence of sequences) list.push(sequence);
  return list;
}

describe("cutting texts into sequences", () => {
  it("joins documents, with the mark that the tokenizer puts before each", async () => {
    const found = await listed(cutIntoSequences(["abc", "de", "fghi"], letters, { length: 4 }));
    expect(found).toEqual([
      [0, 1, 2, 3],
      [0, 4, 5, 0],
      [6, 7, 8, 9],
    ]);
  });

  it("begins every sequence with bos, and never with two of them", async () => {
    const options = { length: 4, bos: 0 };
    const found = await listed(cutIntoSequences(["abcde", "f", "gh"], letters, options));
    expect(found).toEqual([
      [0, 1, 2, 3],
      [0, 4, 5, 0],
      [0, 6, 0, 7],
    ]);
  });

  it("has no bos but the one at the beginning of a sequence, where inner ones are not wanted", async () => {
    const options = { length: 4, bos: 0, innerBos: false };
    const found = await listed(cutIntoSequences(["abcde", "f", "gh"], letters, options));
    expect(found).toEqual([
      [0, 1, 2, 3],
      [0, 4, 5, 6],
    ]);
    const without = () => cutIntoSequences([], letters, { length: 4, innerBos: false });
    expect(without).toThrow(/give its id/);
  });

  it("says so when all texts together fill no sequence", async () => {
    const cut = listed(cutIntoSequences(["ab", "c"], letters, { length: 64 }));
    await expect(cut).rejects.toThrow(/5 tokens together, too few for one sequence of 64/);
    expect(await listed(cutIntoSequences([], letters, { length: 64 }))).toEqual([]);
  });

  it("puts a separator after every document", async () => {
    const found = await listed(cutIntoSequences(["ab", "c"], bare, { length: 5, separator: 26 }));
    expect(found).toEqual([[1, 2, 26, 3, 26]]);
  });

  it("leaves out nothing but a rest that fills no sequence", async () => {
    const text = fc.string({ unit: fc.constantFrom(..."abcdefg"), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(text), fc.integer({ min: 1, max: 9 }), async (texts, length) => {
        const all = texts.flatMap((each) => letters.encode(each));
        const cut = listed(cutIntoSequences(texts, letters, { length }));
        if (all.length > 0 && all.length < length) {
          await expect(cut).rejects.toThrow(`${all.length} tokens together`);
          return;
        }
        const found = await cut;
        expect(found.flat()).toEqual(all.slice(0, all.length - (all.length % length)));
        expect(found.every((sequence) => sequence.length === length)).toBe(true);
      }),
    );
  });

  it("can be gone through twice", async () => {
    const sequences = cutIntoSequences(["abc", "de"], letters, { length: 2 });
    expect(await listed(sequences)).toEqual(await listed(sequences));
  });

  it.each([[undefined], [null], ["ids"], [[1.5]], [[Number.NaN]], [["a"]]])(
    "refuses a tokenizer that encodes a text as %j",
    async (encoded: unknown) => {
      const tokenizer = { encode: () => encoded as number[] };
      const cut = listed(cutIntoSequences(["text"], tokenizer, { length: 2 }));
      await expect(cut).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(cut).rejects.toThrow("tokenizer.encode(text)");
    },
  );

  it.each([[{ length: 0 }], [{ length: 2.5 }], [{ length: 1, bos: 0 }]])(
    "refuses a length without room: %j",
    (options) => {
      expect(() => cutIntoSequences([], letters, options)).toThrow(InvalidArgumentError);
    },
  );

  it("refuses a model without a tokenizer", () => {
    expect(() => cutIntoSequences([], undefined, { length: 4 })).toThrow(InvalidArgumentError);
  });
});
