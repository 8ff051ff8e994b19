/** What the room of tasks offers. */
export { type TaskName, taskNames } from "./names.js";
export { builtInTask, type TaskOptions, taskPairs } from "./open-task.js";
export { createTask, type Task, type TaskPair } from "./task.js";
