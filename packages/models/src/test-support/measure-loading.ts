/** Loads a checkpoint and prints the bytes of its weights, and by how many the process grew at its peak. */
import { readFileSync } from "node:fs";
import { listParameters, loadModel } from "../index.js";

const kilobytes = (field: string) => {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]);
};

await loadModel("tiny"); // what code and the first products allocate for good
(globalThis as { gc?: () => void }).gc?.(); // what the engine holds of starting would hide as much of what follows
const before = kilobytes("RssAnon"); // pages of files, the program's own among them, come and go as the system likes
const [, , folder, options = "{}"] = process.argv;
const model = await loadModel(folder, JSON.parse(options));
const peakBytes = 1024 * (kilobytes("VmHWM") - kilobytes("RssFile") - before);
const arrays = [...listParameters(model.module).values()];
const weightBytes = arrays.reduce((sum, { nbytes }) => sum + nbytes, 0);
process.stdout.write(JSON.stringify({ peakBytes, weightBytes }));
