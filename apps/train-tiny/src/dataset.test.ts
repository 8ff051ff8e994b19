/** Tests of the training documents and of the random numbers behind them. */
import { describe, expect, it } from "vitest";
import { defaultDataset, drawDocument } from "./dataset.js";
import { drawQuestions } from "./questions.js";
import { hash, seededRandom } from "./random.js";
import { bosId, eosId, padId, tokens, unknownId } from "./vocabulary.js";

const draw = (seed: string, count: number, repeated: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => drawDocument(random, { ...defaultDataset, repeated }));
};

describe("documents", () => {
  it("begin with <bos>, have one length and no unknown word", () => {
    for (const document of draw("a", 300, 0.35)) {
      expect(document[0]).toBe(bosId);
      expect(document).toHaveLength(defaultDataset.length);
      expect(document).not.toContain(unknownId);
      expect(Math.max(...document)).toBeLessThan(tokens.length);
    }
  });

  it("of sentences end with <eos> and padding only", () => {
    for (const document of draw("b", 200, 0)) {
      const end = document.indexOf(eosId);
      expect(end).toBeGreaterThan(10);
      expect(new Set(document.slice(end + 1))).toEqual(
        new Set(document.slice(end + 1).length ? [padId] : []),
      );
    }
  });

  it("of random words repeat them with a period that varies", () => {
    const periods = draw("c", 200, 1).map((document) => {
      const last = document[document.length - 1];
      const period = document.length - 1 - document.lastIndexOf(last, document.length - 2);
      const tail = document.slice(-period);
      expect(document.slice(-2 * period, -period)).toEqual(tail);
      return period;
    });
    expect(new Set(periods).size).toBeGreaterThan(15);
  });

  it("are the same for the same seed", () => {
    expect(draw("d", 50, 0.35)).toEqual(draw("d", 50, 0.35));
    expect(draw("d", 50, 0.35)).not.toEqual(draw("e", 50, 0.35));
  });
});

describe("questions", () => {
  it("never occur in training documents", () => {
    const { indirectObject } = drawQuestions(1);
    const trained = new Set(
      draw("f", 2000, 0).flatMap((document) =>
        document
          .map((id) => tokens[id])
          .join(" ")
          .split(" . "),
      ),
    );
    expect(
      indirectObject.filter(({ prompt, answer }) => trained.has(`${prompt} ${answer}`)),
    ).toEqual([]);
  });
});

describe("seeded random numbers", () => {
  it("follow the published algorithm", () => {
    // sfc32 of PractRand from the state (a, b, c, counter) that the seed's hashes give, computed with BigInt.
    const mask = 0xffffffffn;
    let [a, b, c] = ["a", "b", "c"].map((part) => BigInt(hash(`7/${part}`)));
    let counter = 1n;
    const reference = () => {
      const sum = (a + b + counter++) & mask;
      a = b ^ (b >> 9n);
      b = (c + (c << 3n)) & mask;
      c = ((((c << 21n) | (c >> 11n)) & mask) + sum) & mask;
      return Number(sum) / 2 ** 32;
    };
    for (let skipped = 0; skipped < 12; skipped++) reference();
    const random = seededRandom("7");
    for (let index = 0; index < 1000; index++) expect(random.next()).toBe(reference());
  });

  it("draw samples without repetition", () => {
    const sample = seededRandom("8").sample([1, 2, 3, 4, 5], 5);
    expect(sample.sort()).toEqual([1, 2, 3, 4, 5]);
  });
});
