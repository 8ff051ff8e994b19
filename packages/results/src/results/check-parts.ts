/** Refuses what is no table or prompt as fed, before anything reads it. */
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { checkList } from "../errors/option-rules.js";
import { isFed, tableProblem } from "./result-problem.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) with what is missing or wrong */
export function checkTable(argument: string, value: unknown): void {
  refuse(argument, value, tableProblem("it", value));
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for the first that is no prompt as it was fed */
export function checkFed(argument: string, value: unknown): void {
  checkList(argument, value);
  const odd = (value as unknown[]).findIndex((one) => !isFed(one));
  if (odd >= 0) refuse(`${argument}[${odd}]`, value, "it does not hold a role, ids and as many pieces"); // biome-ignore format: one line
}

function refuse(argument: string, value: unknown, problem: string | undefined): void {
  if (problem === undefined) return;
  const rule = `${problem.replaceAll('"it"', "it")}; give one of a result, or make one.`;
  throw new InvalidArgumentError(argument, value, rule);
}
