/** Another model as an option, of which surfaces that load models know the name. */
import { z } from "zod";
import type { AnalysisModel } from "./model.js";

/** A model by what it can do: its class would bring the binding. */
function isModel(value: unknown): boolean {
  const model = value as Partial<AnalysisModel> | null;
  return typeof model?.run === "function" && typeof model.anatomy === "object";
}

export const anyModel = z.union([z.custom<AnalysisModel>(isModel), z.string().min(1)]);
