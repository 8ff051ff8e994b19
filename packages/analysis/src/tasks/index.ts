/** What the room of tasks offers. */
export { askedOfTask } from "./asked-of-task.js";
export { type TaskName, taskNames } from "./names.js";
export { builtInTask, type TaskOptions } from "./open-task.js";
export { createTask, type Task, type TaskFacts, type TaskPair } from "./task.js";
export { taskPairs } from "./task-pairs.js";
