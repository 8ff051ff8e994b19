/** For tests: an element of a page, to draw into. */
import { parseHTML } from "linkedom";

export function pageElement(): Element {
  return parseHTML("<!doctype html><main></main>").document.querySelector("main") as Element;
}
