/** The invariant of generation: a cache saves work and changes nothing, for one prompt or several. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { type Comparison, measure } from "./comparison.js";
import type { Invariant } from "./invariant.js";
import type { AnySubject } from "./subject.js";

const all = mx.Slice();

/** Half of the prompt at once, then token by token, and the same beside a shorter prompt, against full passes. */
export const cachedIsRecomputed: Invariant = {
  name: "cached generation",
  statement:
    "logits step by step with a cache, also of prompts padded on the left = logits of one full pass",
  exact: false,
  async measure(subject) {
    const { model, ids } = subject;
    // the module's own, as what remembers: edits may act on positions, and steps know only their own
    const full: MxArray = model.module.forward(mx.array([[...ids]], mx.int32)); // (batch, position, vocab)
    return measure([...stepByStep(subject, full), ...paddedOnTheLeft(subject, full)]);
  },
};

function stepByStep({ remembering, ids, short }: AnySubject, full: MxArray): Comparison[] {
  const feed = remembering();
  const step = (from: number, to: number): Comparison => {
    const tokens: MxArray = mx.array([ids.slice(from, to)], mx.int32);
    const received = feed(tokens);
    const expected = full.index(all, mx.Slice(from, to));
    return { where: to - from > 1 ? "prompt" : `position ${from}`, received, expected };
  };
  const later = ids.slice(short.length).map((_, index) => short.length + index);
  return [step(0, short.length), ...later.map((position) => step(position, position + 1))];
}

/** All but the last token of both prompts, then the last ones. The shorter prompt is the beginning of the other. */
function paddedOnTheLeft({ remembering, ids, short }: AnySubject, full: MxArray): Comparison[] {
  if (short.length === 1) return [];
  const feed = remembering();
  const pads = ids.length - short.length;
  const rows = [ids, [...ids.slice(0, pads), ...short]]; // any token may stand for a pad
  const read = (from: number, to: number, padding?: readonly number[]) =>
    feed(
      mx.array(
        rows.map((row) => row.slice(from, to)),
        mx.int32,
      ),
      padding,
    );
  const last = ids.length - 1;
  const logits = mx.concatenate([read(0, last, [0, pads]), read(last, last + 1)], 1);
  return rows.map((_, row) => ({
    where: row === 0 ? "the longer of two prompts" : "the shorter of two prompts",
    received: logits.index(mx.Slice(row, row + 1), mx.Slice(row === 0 ? 0 : pads, null)),
    expected: full.index(all, mx.Slice(0, row === 0 ? ids.length : short.length)),
  }));
}
