/** The script of a report: its parts come to life in the places of their still pictures. */
import { render } from "preact";
import { unpackBlocks } from "../packed/pack-blocks.js";
import { BlocksView } from "./block-view.js";
import { paintLater } from "./parts/paint-queue.js";
import type { ThemeChoice } from "./parts/use-theme.js";

const places = [...document.querySelectorAll<HTMLElement>("[data-mi-part]")];
const choice = document.querySelector<HTMLSelectElement>("#mi-theme");

function draw(place: HTMLElement, theme: ThemeChoice): void {
  const data = place.nextElementSibling?.textContent ?? "[]";
  place.dataset.miPart = "alive";
  place.replaceChildren();
  // a part draws its own headings below the page's
  render(<BlocksView blocks={unpackBlocks(data)} theme={theme} depth={2} />, place);
}

/** One a frame, so that a long page can be read at once. */
function drawAll(theme: ThemeChoice): void {
  for (const place of places) paintLater(() => draw(place, theme));
}

if (choice) {
  choice.parentElement?.removeAttribute("hidden");
  choice.addEventListener("change", () => {
    document.documentElement.dataset.theme = choice.value;
    drawAll(choice.value as ThemeChoice);
  });
}
drawAll("auto");
