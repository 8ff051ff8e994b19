/** A generative model of whatever kind a reference checkpoint holds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LanguageModel, loadModel, RecurrentModel } from "../index.js";
import { recurrentFolders } from "./reference-folders.js";

export function loadAny(folder: string): Promise<LanguageModel | RecurrentModel> {
  const { model_type: type } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  const recurrent = recurrentFolders().some(({ modelType }) => modelType === type);
  return recurrent ? loadModel(folder, { as: RecurrentModel }) : loadModel(folder);
}
