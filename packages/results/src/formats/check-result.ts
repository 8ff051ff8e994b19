/** Whether data from outside is a result, so that nothing below needs to doubt it. */
import type { Result } from "../results/result.js";
import { resultProblem } from "../results/result-problem.js";
import { fromJson, ResultFormatError } from "./json.js";

/**
 * A result, or several, from the JSON text that `toJson` made of it.
 *
 * @throws ResultFormatError (`RESULT_FORMAT`) saying what is missing
 * @example
 * const [stored] = resultsFromJson(toJson(readout));
 */
export function resultsFromJson(text: string): Result[] {
  const value = fromJson(text);
  const list = Array.isArray(value) ? value : [value];
  return list.map((one, index) => checked(one, list.length > 1 ? `Result ${index}` : "The result"));
}

function checked(value: unknown, name: string): Result {
  const problem = resultProblem(value);
  if (problem) throw new ResultFormatError(`${name} is none: ${problem}.`);
  return value as Result;
}
