/** A model in a few facts. */
import { anatomyPart } from "@mlxterp/core";
import { ChatTemplateError, type LanguageModel } from "@mlxterp/models";
import type { ModelSummary } from "../wire/answers.js";

/** @param id by which requests name it */
export function summaryOf(model: LanguageModel, id: string, source: string): ModelSummary {
  const part = (name: "layers" | "heads" | "hidden" | "vocab") =>
    anatomyPart(model.anatomy, name) ?? 0;
  return {
    id,
    source,
    name: model.name,
    family: familyOf(model),
    layers: part("layers"),
    heads: part("heads"),
    hidden: part("hidden"),
    vocabulary: part("vocab"),
    loaded: true,
    chat: hasTemplate(model),
    notes: [...model.notes],
  };
}

/** The `model_type` of its checkpoint; the class of a model that has none. */
function familyOf({ checkpoint, module }: LanguageModel): string {
  const { model_type: type } = JSON.parse(checkpoint?.configText ?? "{}") as {
    model_type?: unknown;
  };
  return typeof type === "string" ? type : module.constructor.name;
}

function hasTemplate({ tokenizer }: LanguageModel): boolean {
  if (!tokenizer) return false;
  try {
    tokenizer.applyChatTemplate([{ role: "user", content: "Hello" }]);
    return true;
  } catch (error) {
    if (error instanceof ChatTemplateError) return false;
    throw error;
  }
}
