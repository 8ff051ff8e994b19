/**
 * Greater-than (Hanna, Liu & Variengien 2023, arXiv 2305.00586): "The war lasted from the year 1732 to the year 17" is to be
 * continued by more than 32.
 *
 * As in the paper, the answer is every greater end of a year (33 … 99), and the wrong answer every other, the year itself among them
 * (00 … 32); the metric is the difference of their summed probabilities. In the corrupted prompt the war begins so early that nearly
 * all are right; what it is for is to take the reason away, not to ask for the other answer.
 */
import type { AnalysisModel } from "../shared/model.js";
import { drawn, ofOneLength, type PairMaker } from "./draw.js";
import type { TaskPair } from "./task.js";
import { singleTokens, tokensAfter } from "./words.js";

const nouns = ["war", "plan", "trip", "siege", "reign", "trial", "peace", "storm", "search", "battle", "journey", "drought"]; // biome-ignore format: a list
const centuries = ["12", "13", "14", "15", "16", "17"];

const begun = (noun: string, century: string) => `The ${noun} lasted from the year ${century}`;

/** Ends of years as this tokenizer writes them, from small to great. */
interface YearEnds {
  readonly century: string;
  readonly ends: readonly { readonly text: string; readonly id: number }[];
  /** Digits that stand behind the end; the same in both prompts. */
  readonly rest: string;
  /** Of a prompt, in tokens; nouns and ends are one token each. */
  readonly length: number;
}

function prompt(noun: string, { century, rest }: Pick<YearEnds, "century" | "rest">, end: string) {
  return `${begun(noun, century)}${end}${rest} to the year ${century}`;
}

/** Two digits where they are one token; else the first of them, as in tokenizers that write every digit by itself. */
function yearEnds(model: AnalysisModel, noun: string, century: string): YearEnds {
  const endsOf = (list: readonly string[], rest: string): YearEnds => {
    const whole = prompt(noun, { century, rest }, list[1]);
    const own = tokensAfter(model, begun(noun, century), list);
    const answers = tokensAfter(model, whole, list);
    const same = [...own].filter(([text, id]) => answers.get(text) === id);
    const ends = same.map(([text, id]) => ({ text, id }));
    return { century, rest, ends, length: model.tokens(whole).ids[0].length };
  };
  const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
  const two = endsOf(digits.flatMap((ten) => digits.map((one) => ten + one)), ""); // biome-ignore format: one call
  return two.ends.length >= enough ? two : endsOf(digits, "5");
}

/** The corrupted beginning, a smaller year, the beginning, a greater year. */
const enough = 4;

/** As many as there are digits. */
const few = 10;

export const greaterThan: PairMaker = (model, draw) => {
  const usable = singleTokens(model, "The", nouns);
  const years = usable.length === 0 ? [] : centuries.map((one) => yearEnds(model, usable[0], one));
  const beginnings = ofOneLength(years.filter(({ ends }) => ends.length >= enough)).flatMap(
    (year) =>
      year.ends.slice(2, -1).flatMap((_, at) => usable.map((noun) => ({ noun, year, at: at + 2 }))),
  );
  const pairs = beginnings.map(pairOf);
  return drawn(pairs, draw, "greater-than", "years whose ends are one token");
};

interface Beginning {
  readonly noun: string;
  readonly year: YearEnds;
  /** Which end the war begins with. */
  readonly at: number;
}

/** All ends above the beginning against all others. */
function pairOf({ noun, year, at }: Beginning): TaskPair {
  const { ends } = year;
  const early = ends.length > few ? 1 : 0; // 01, as in the paper
  const [clean, corrupted] = [at, early].map((one) => prompt(noun, year, ends[one].text));
  const idsOf = (list: YearEnds["ends"]) => ({ any: list.map(({ id }) => id) });
  const [answer, wrongAnswer] = [idsOf(ends.slice(at + 1)), idsOf(ends.slice(0, at + 1))];
  return { clean, corrupted, answer, wrongAnswer };
}
