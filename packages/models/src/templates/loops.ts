/** What `loop` is inside a loop. */
import type { Budget } from "./budget.js";
import { wrongValue } from "./fault.js";
import { Callable, firstOf, isEqual, Undefined, type Value } from "./values.js";

export interface LoopState {
  readonly items: readonly Value[];
  index: number;
  readonly depth: number;
  /** The values that `loop.changed` saw last. */
  last: readonly Value[] | undefined;
}

/** @param again writes the loop once more over other items, where it is recursive */
export function createLoop(
  state: LoopState,
  again: ((items: Value) => Value) | undefined,
  budget: Budget,
): Callable {
  const call = ({ list }: { readonly list: readonly Value[] }) => {
    if (again && list.length === 1) return again(list[0]);
    throw wrongValue("The loop must have the 'recursive' marker to be called");
  };
  return new Callable("loop", call, (name) => fieldOf(state, name, budget));
}

function fieldOf(state: LoopState, name: string, budget: Budget): Value | undefined {
  const { items, index, depth } = state;
  switch (name) {
    case "index":
      return index + 1;
    case "index0":
      return index;
    case "revindex":
      return items.length - index;
    case "revindex0":
      return items.length - index - 1;
    case "first":
      return index === 0;
    case "last":
      return index === items.length - 1;
    case "length":
      return items.length;
    case "depth":
      return depth + 1;
    case "depth0":
      return depth;
    case "previtem":
      return firstOf(items[index - 1], new Undefined("there is no previous item"));
    case "nextitem":
      return firstOf(items[index + 1], new Undefined("there is no next item"));
    case "cycle":
      return new Callable("cycle", ({ list }) => {
        if (list.length === 0) throw wrongValue("no items for cycling given");
        return list[index % list.length];
      });
    case "changed":
      return new Callable("changed", ({ list }) => {
        const before = state.last;
        state.last = list;
        return (
          !before ||
          before.length !== list.length ||
          list.some((value, at) => !isEqual(value, before[at], budget))
        );
      });
    default:
      return undefined;
  }
}
