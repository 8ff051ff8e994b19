/** What the room of task accuracy offers. */
export { task } from "./method.js";
export type { TaskAccuracyOptions } from "./options.js";
export type { TaskAccuracyResult, TaskAccuracyTables, TaskPromptRow } from "./result.js";
export { taskAccuracy } from "./task-accuracy.js";
export { taskTable } from "./view.js";
