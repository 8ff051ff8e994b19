/** Another model as an option, of which surfaces that load models know the name. */
import type { Json } from "@mlxterp/results";
import { isCallable } from "@mlxterp/results/errors";
import { z } from "zod";
import type { AnalysisModel } from "./model.js";

/** A model by what it can do: its class would bring the binding. */
function isModel(value: unknown): boolean {
  const model = value as Partial<AnalysisModel> | null;
  return isCallable(model?.run) && typeof model.anatomy === "object";
}

export const anyModel = z
  .union([z.custom<AnalysisModel>(isModel), z.string().min(1)])
  .meta({ reads: "model" });

/** As results keep it: by the name that it is loaded by again, unless it was edited. */
export function askedModel({ name, edits }: AnalysisModel): Json {
  return edits.length > 0 ? { edited: name } : name;
}
