/** Components as callers get them: what is no block of theirs is refused before anything is drawn of it. */
import { type Block, checkBlock, checkBlocks, checkChoice } from "@mlxterp/results";
import {
  checkFunction,
  checkOptions,
  checkWholeNumber,
  type OptionNames,
  type OptionRule,
  oneOf,
} from "@mlxterp/results/errors";
import type { FunctionComponent } from "preact";

/** What was found right: pages draw the same block again and again. */
const known = new WeakSet<object>();

/** The rule of a block, of one kind where only that can be drawn. */
export function blockOf(...kinds: readonly Block["kind"][]): OptionRule {
  return (argument, value) => {
    if (!isKnown(value)) checkBlock(argument, value);
    if (kinds.length > 0) checkChoice(`${argument}.kind`, (value as Block).kind, kinds);
    known.add(value as Block);
  };
}

/** The rule of a list of blocks. */
export const listOfBlocks: OptionRule = (argument, value) => {
  if (!isKnown(value)) checkBlocks(argument, value);
  known.add(value as Block[]);
};

function isKnown(value: unknown): boolean {
  return typeof value === "object" && value !== null && known.has(value);
}

/** What any component takes. */
export const viewRules = {
  onSelect: checkFunction as OptionRule,
  theme: oneOf("light", "dark", "auto"),
  depth: checkWholeNumber as OptionRule,
} as const;

/** What Preact hands every component beside its own. */
const given = { children: true, key: true, ref: true } as const;

/**
 * @param needed properties that it cannot be drawn without
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`), from drawing, naming the component and the property
 */
export function strictView<P extends object>(
  name: string,
  View: FunctionComponent<P>,
  rules: OptionNames<P>,
  needed: readonly (keyof P & string)[],
): FunctionComponent<P> {
  const Strict = (props: P) => {
    checkOptions<P>(name, props, { ...given, ...rules });
    for (const property of needed) (rules[property] as OptionRule)(property, props[property]);
    return <View {...props} />;
  };
  return Object.assign(Strict, { displayName: name });
}
