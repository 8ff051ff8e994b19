/**
 * Argument names in a Python docstring (Heimersheim & Janiak 2023, "A circuit for Python docstrings in a 4-layer attention-only
 * transformer"): the third `:param` is the third argument of the definition. In the corrupted prompt another name stands there.
 */
import { uniformNumbers } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";
import { drawn, ofOneLength, type PairMaker, tooFew } from "./draw.js";
import type { TaskPair } from "./task.js";
import { tokensAfter } from "./words.js";

const argumentNames = ["file", "size", "line", "name", "text", "image", "color", "page", "date", "group", "title", "width", "label", "user", "path", "code", "table", "point", "word", "time", "list", "value", "model", "state", "key", "order", "limit", "source"]; // biome-ignore format: a list
const functionNames = ["open", "load", "send", "read", "make", "find"];
const descriptions = ["the first part", "what is given", "how it is done", "where to begin", "as it was", "one of many"]; // biome-ignore format: a list

interface Written {
  /** Of the definition. */
  readonly names: readonly string[];
  readonly named: string;
  readonly said: readonly string[];
}

function written({ names, named, said }: Written): string {
  const [first, second] = names;
  const head = `def ${named}(self, ${names.join(", ")}):\n    """${said[0]}\n\n`;
  return `${head}    :param ${first}: ${said[1]}\n    :param ${second}: ${said[2]}\n    :param`;
}

const blank = { names: ["a", "b", "c", "d"], named: functionNames[0], said: descriptions };

/** What fills the rest, of one length in tokens, so that all prompts have one. */
function fillers(model: AnalysisModel) {
  const lengthOf = (text: Written) => model.tokens(written(text)).ids[0].length;
  const named = functionNames.map((name) => ({
    name,
    length: lengthOf({ ...blank, named: name }),
  }));
  const said = descriptions.map((text) => ({
    text,
    length: lengthOf({ ...blank, said: [text, text, text] }),
  }));
  return {
    named: ofOneLength(named).map(({ name }) => name),
    said: ofOneLength(said).map(({ text }) => text),
  };
}

/** Names that are the same token in the definition and as the answer, with their ids. */
function usableNames(model: AnalysisModel): Map<string, number> {
  const list = argumentNames.map((name) => ` ${name}`);
  const defined = tokensAfter(model, `def ${blank.named}(self,`, list);
  const answers = tokensAfter(model, written(blank), list);
  const same = [...answers].filter(([name, id]) => defined.get(name) === id);
  return new Map(same.map(([name, id]) => [name.trim(), id]));
}

export const docstring: PairMaker = (model, { size, seed }) => {
  const usable = usableNames(model);
  const what = "argument names that are one token";
  if (usable.size <= blank.names.length) throw tooFew("docstring", what);
  const random = uniformNumbers(seed);
  const several = (from: Iterable<string>, count: number) =>
    drawn([...from], { size: count, seed: Math.floor(random() * 2 ** 31) }, "docstring", what);
  const fill = fillers(model);
  return Array.from({ length: size }, (): TaskPair => {
    const [other, ...names] = several(usable.keys(), blank.names.length + 1);
    const [named] = several(fill.named, 1);
    const drawnTexts = several(fill.said, 3); // fewer where few have one length
    const said = [0, 1, 2].map((at) => drawnTexts[at % drawnTexts.length]);
    const clean = written({ names, named, said });
    const corrupted = written({ names: names.with(2, other), named, said });
    const [answer, wrongAnswer] = [names[2], other].map((name) => usable.get(name)!); // drawn from it
    return { clean, corrupted, answer, wrongAnswer };
  });
};
