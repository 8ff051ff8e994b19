/** What is on the desk when a model is first opened. */
import type { ModelSummary } from "../api/api.js";
import type { FormValues } from "../form/values.js";
import type { Desk } from "./document.js";

/** In words that the shipped model knows, so that every method has something to find. */
const sentences = {
  text: "Mary and John went to the park . John gave a ball to",
  other: "Mary and John went to the park . Mary gave a ball to",
};

const beginning = { text: "Once upon a time, there was a little girl named Lily. She", other: "" };

/** A desk with nothing on it. */
export const emptyDesk: Desk = {
  model: "",
  prompt: { mode: "text", text: "", messages: [{ role: "user", content: "" }] },
  other: "",
  changes: [],
};

/** A desk with a prompt to begin with. */
export function deskFor(model: ModelSummary): Desk {
  const { text, other } = model.source === "tiny" ? sentences : beginning;
  return { ...emptyDesk, model: model.id, prompt: { ...emptyDesk.prompt, text }, other };
}

/** Answers of the first sentences, by the names that options have. */
export function answersFor(model: ModelSummary): FormValues {
  return model.source === "tiny" ? { answer: "Mary", wrongAnswer: "John" } : {};
}

/** Whether nothing has been written or changed on a desk since it was laid out. */
export function isUntouched({ prompt, changes }: Desk): boolean {
  return changes.length === 0 && (prompt.text === "" || prompt.text === deskFor({ source: "tiny" } as ModelSummary).prompt.text); // biome-ignore format: one rule
}
