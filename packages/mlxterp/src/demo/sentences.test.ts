/** The sentences of the investigation say what the numbers say, also when these are other than expected. */
import { describe, expect, it } from "vitest";
import type { Copying } from "./copying.js";
import { copySentence } from "./copying-step.js";
import { type Depth, depthSentence } from "./lens-step.js";
import type { Mover } from "./movers.js";
import { moverSentence, pathSentence } from "./movers-step.js";
import { predictionSentence } from "./prediction-step.js";
import type { Surgery } from "./surgery.js";
import { surgerySentences } from "./surgery-step.js";

const names = { answer: "Mary", wrong: "John" };
const says = (text: string, probability: number, lead = 0) => ({
  top: [{ text, probability }],
  lead,
});

describe("the prediction", () => {
  it("is right and follows the giver", () => {
    const sentence = predictionSentence(
      { clean: says("Mary", 0.9, 5), corrupted: says("John", 0.8, -4) },
      names,
    );
    expect(sentence).toContain("goes on with Mary (90.0 %), the one who is named once");
    expect(sentence).toContain("it says John (80.0 %): one word decides");
    expect(sentence).toContain("9.00 logits");
  });

  it("is wrong, or does not follow", () => {
    const stuck = { clean: says("John", 0.5), corrupted: says("John", 0.6) };
    expect(predictionSentence(stuck, names)).toContain("the model misses this one");
    expect(predictionSentence(stuck, names)).toContain("the giver does not decide");
    const other = { clean: says("Mary", 0.5), corrupted: says("park", 0.6) };
    expect(predictionSentence(other, names)).toContain("though John would be right");
  });
});

describe("the depth", () => {
  const depth = (layer: number | null, rank: number): Depth => ({
    layer,
    best: "x",
    answer: { rank, probability: 1 / rank },
    wrong: { rank: 9, probability: 0 },
  });

  it("is the first layer from which the answer stays first", () => {
    const sentence = depthSentence([depth(null, 1), depth(0, 40), depth(1, 1), depth(2, 1)], names);
    expect(sentence).toContain("first from layer 1 on");
    expect(sentence).toContain("after layer 0, it had rank 40");
  });

  it("may be none, or the embedding", () => {
    expect(depthSentence([depth(null, 1), depth(0, 2)], names)).toContain("is not first");
    expect(depthSentence([depth(null, 1), depth(0, 1)], names)).toContain("from the embedding on");
    expect(depthSentence([depth(null, 3), depth(0, 1)], names)).toContain(
      "after the embedding, it had rank 3",
    );
  });
});

describe("the movers", () => {
  const mover = (head: number, restored: number, written: number): Mover => {
    return { layer: 1, head, restored, written, looksAt: `t${head}`, weight: 0.5 };
  };

  it("names the head that carries and the head that writes", () => {
    expect(moverSentence([mover(2, 0.9, 0.1), mover(0, 0.1, 3)])).toMatch(
      /Head 1\.2, looking at "t2", restores 90 %.*3\.00 logits, is by head 1\.0/,
    );
    expect(moverSentence([mover(2, 0.9, 4), mover(0, 0.1, 3)])).toContain("It also writes most");
  });

  it("tells the layer before which the difference moves", () => {
    const pieces = ["a", "b", "c"];
    const station = (layer: number, position: number) => ({ layer, position, restored: 0.8 });
    const path = [station(0, 1), station(1, 1), station(2, 2)];
    expect(pathSentence({ path, pieces })).toBe(
      'Before layer 0 the difference lies at "b" (1); layer 1 moves it to "c" (2), where 80 % of the lead can be restored.',
    );
    expect(pathSentence({ path: path.slice(0, 2), pieces })).toContain("stays there");
  });
});

describe("the surgery", () => {
  const data = (ablated: number, other: number): Surgery => ({
    head: { layer: 0, head: 2 },
    clean: says("Mary", 0.9, 10),
    corrupted: says("John", 0.9, -10),
    restored: says("Mary", 0.9, 5),
    broken: says("John", 0.9, -10),
    ablated: says(ablated > 0 ? "Mary" : "John", 0.5, ablated),
    others: [{ layer: 1, head: 1, lead: other }],
  });

  it("weighs the head against the others", () => {
    const [patched, gone] = surgerySentences(data(1, 8), names);
    expect(patched).toContain("75 % of the lead back and says Mary");
    expect(patched).toContain("keeps 0 % and says John");
    expect(gone).toContain(
      "9.00 logits, more than without any other head (at most 2.00, head 1.1)",
    );
    expect(gone).toContain("still says Mary");
  });

  it("admits that another head costs more", () => {
    const [, gone] = surgerySentences(data(-1, -5), names);
    expect(gone).toContain("less than without head 1.1 (15.00)");
    expect(gone).toContain("the model says John");
  });
});

describe("the copying", () => {
  const data = (second: number, withoutInduction: number): Copying => ({
    intact: { first: 6, second },
    induction: [{ layer: 1, head: 0, score: 0.8 }],
    previous: { layer: 0, head: 3, score: 0.9 },
    withoutInduction: { first: 6, second: withoutInduction },
    controls: [{ layer: 2, head: 0 }],
    withoutControls: { first: 6, second: second + 0.1 },
  });

  it("is credited to the heads only if their loss is what destroys it", () => {
    expect(copySentence(data(0.5, 5))).toContain("it copies");
    expect(copySentence(data(0.5, 5))).toContain("they do the copying");
    expect(copySentence(data(0.5, 0.6))).toContain("they do not do it alone");
    expect(copySentence(data(5.5, 5.6))).toContain("it does not copy");
  });
});
