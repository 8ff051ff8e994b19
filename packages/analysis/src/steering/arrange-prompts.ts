/** Which pairs a direction is found on, which prompts are steered by it, and what those are judged by. */
import type { Note } from "@mlxterp/results";
import { type AskedAnswer, askedAnswers, resolveAnswers } from "../shared/answers.js";
import { type ClassPairs, pickPairs } from "../shared/classes.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { type ManyPrompts, type OnePrompt, promptIds } from "../shared/prompts.js";
import type { JudgedAnswers } from "./judged-rows.js";
import type { AskedSteering } from "./options.js";

interface Arranged {
  readonly from: ClassPairs;
  readonly steered: readonly (readonly number[])[];
  readonly answers: JudgedAnswers;
  readonly notes: readonly Note[];
  /** The answers as ids, one for each that was asked. */
  readonly kept: {
    readonly answer: AskedAnswer[];
    readonly wrongAnswer: AskedAnswer[] | undefined;
  };
}

/** With several pairs and no prompts of their own, the first half is what the direction is from, and the second is steered. */
export function arrangePrompts(
  model: AnalysisModel,
  pairs: ClassPairs,
  asked: AskedSteering,
): Arranged {
  const count = pairs.negative.length;
  const half = Math.ceil(count / 2);
  const whole = asked.prompts !== undefined || count === 1;
  const from = whole ? pairs : pickPairs(pairs, range(half));
  const others = whole ? range(count) : range(count).slice(half);
  const own = asked.prompts && promptIds(model, asked.prompts as ManyPrompts as readonly OnePrompt[]); // biome-ignore format: one line
  const kinds = { sets: true, sequences: true };
  const resolve = (given: AskedSteering["answer"], name: string) => {
    const all = resolveAnswers(model, given, own ?? pairs.negative, name, kinds);
    const used = own ? all : others.map((at) => all[at]);
    return { used: used.map(({ token }) => token), all: askedAnswers(all), notes: all.flatMap((one) => one.notes) }; // biome-ignore format: one line
  };
  const answer = resolve(asked.answer, "answer");
  const wrong = asked.wrongAnswer === undefined ? undefined : resolve(asked.wrongAnswer, "wrongAnswer"); // biome-ignore format: one line
  const notes = [...answer.notes, ...(wrong?.notes ?? [])];
  if (count === 1 && !own) {
    notes.push({ code: "ONE_PAIR", text: "one pair: the prompt that is steered is the one that the direction is from. Give more pairs, or other prompts." }); // biome-ignore format: one line
  }
  return {
    from,
    steered: own ?? others.map((at) => pairs.negative[at]),
    answers: { answer: answer.used, wrongAnswer: wrong?.used },
    notes: [...new Map(notes.map((note) => [note.text, note])).values()],
    kept: { answer: answer.all, wrongAnswer: wrong?.all },
  };
}
