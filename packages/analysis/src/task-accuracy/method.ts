/** The look at a task as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { taskAccuracyOptions } from "./options.js";
import type { TaskAccuracyResult } from "./result.js";
import { taskAccuracyView } from "./view.js";

export const task = defineMethod({
  name: "task",
  title: "Task accuracy",
  summary: "Task accuracy: how well the model does a task, before anybody explains how",
  input: "pairs",
  options: taskAccuracyOptions,
  examples: ["--task ioi", "--task pairs.csv"],
  run: async (model: AnalysisModel, input, options): Promise<TaskAccuracyResult> =>
    (await import("./task-accuracy.js")).taskAccuracy(model, input, options),
  view: taskAccuracyView,
});
