/** The methods that come along, and those of a user. */
import { methods as analyses } from "@mlxterp/analysis/methods";
import { dictionaryMethods } from "@mlxterp/dictionaries/methods";
import { InvalidArgumentError, type Method } from "@mlxterp/results";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for two of one name */
export function allMethods(own: readonly Method[]): Method[] {
  const all: Method[] = [...analyses, ...dictionaryMethods, ...own];
  const names = all.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return all;
  throw new InvalidArgumentError("methods", twice, `two methods are called "${twice}".`);
}
