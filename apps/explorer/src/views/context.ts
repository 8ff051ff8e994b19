/** The explorer and the place one acts at, for every part of the page. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Explorer } from "../state/explorer.js";
import type { Here } from "../state/here.js";

export interface PageState {
  readonly explorer: Explorer;
  readonly here: Here;
}

export const PageContext = createContext<PageState | undefined>(undefined);

/** @throws RangeError outside of the page */
export function usePage(): PageState {
  const state = useContext(PageContext);
  if (!state) throw new RangeError("This part of the page stands outside of it.");
  return state;
}
