/** What the shipped model can do, on sentences that its training never showed. */
import { statSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../checkpoint/loading/load-model.js";
import type { LanguageModel } from "../language-model/language-model.js";
import { ask, copyLosses, type Question, questions, type Reply } from "./questions.js";

let model: LanguageModel;
beforeAll(async () => {
  model = await loadModel("tiny");
});

/** The share of questions that are answered rightly. */
async function share(
  asked: readonly Question[],
  right: (reply: Reply, question: Question) => boolean,
): Promise<number> {
  const replies = await ask(model, asked);
  return asked.filter((question, index) => right(replies[index], question)).length / asked.length;
}

const isAnswer = ({ best }: Reply, { answer }: Question) => best === answer;
const beatsFoil = ({ margin }: Reply) => margin > 0;

/** Whether the likeliest token is a verb of the answer's number. */
function hasNumber({ best }: Reply, { answer }: Question): boolean {
  const number = questions.verbs.some(([singular]) => singular === answer) ? 0 : 1;
  return questions.verbs.some((forms) => forms[number] === best);
}

describe("the model that ships", () => {
  it("names the receiver of an indirect-object sentence", async () => {
    expect(questions.indirectObject.length).toBeGreaterThanOrEqual(200);
    expect(await share(questions.indirectObject, isAnswer)).toBeGreaterThanOrEqual(0.95);
    expect(await share(questions.indirectObject, beatsFoil)).toBeGreaterThanOrEqual(0.95);
  });

  it("knows its facts in phrasings it has not seen", async () => {
    expect(questions.facts.length).toBeGreaterThanOrEqual(60);
    expect(await share(questions.facts, isAnswer)).toBeGreaterThanOrEqual(0.95);
  });

  it("lets the verb agree with the subject across a noun of the other number", async () => {
    expect(await share(questions.agreement, hasNumber)).toBeGreaterThanOrEqual(0.9);
    expect(await share(questions.agreement, beatsFoil)).toBeGreaterThanOrEqual(0.9);
  });

  it("chooses the pronoun by the gender of the name", async () => {
    expect(await share(questions.pronouns, isAnswer)).toBeGreaterThanOrEqual(0.9);
  });

  it("copies random words when they are repeated", async () => {
    const { first, second } = await copyLosses(model);
    expect(first).toBeGreaterThan(5); // they are random: about the logarithm of the vocabulary
    expect(second).toBeLessThan(first / 3);
  });

  it("knows every word of the questions and writes them back readably", () => {
    const { tokenizer } = model;
    for (const { prompt } of Object.values(questions).flat().filter(isQuestion)) {
      const ids = tokenizer!.encode(prompt);
      expect(tokenizer!.pieces(ids)).not.toContain("<unk>");
      expect(tokenizer!.decode(ids.slice(1))).toBe(prompt.replaceAll(/ (?=[.,?])/g, ""));
    }
  });

  it("takes less than 4 MB", () => {
    const file = new URL("../../weights/tiny/model.safetensors", import.meta.url);
    expect(statSync(file).size).toBeLessThan(4e6);
  });
});

function isQuestion(value: unknown): value is Question {
  return typeof value === "object" && value !== null && "prompt" in value;
}
