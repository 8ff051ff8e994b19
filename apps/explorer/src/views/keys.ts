/** Keys that work everywhere on the page. */
import type { Explorer } from "../state/explorer.js";

/** Ctrl+Enter runs, Ctrl+Z takes back, Ctrl+Shift+Z does again, Escape cancels, `/` looks for a method. */
export function onShortcut(event: KeyboardEvent, explorer: Explorer): void {
  const { key, ctrlKey, metaKey, shiftKey, target } = event;
  const isWriting =
    (target as HTMLElement).closest("input:not([type=range]), textarea, select") !== null;
  const isCommand = ctrlKey || metaKey;
  const does = (act: () => void) => {
    event.preventDefault();
    act();
  };
  if (isCommand && key === "Enter") does(() => void explorer.run());
  else if (key === "Escape" && explorer.going.value) does(() => explorer.going.value?.cancel());
  else if (isWriting) return;
  else if (isCommand && key.toLowerCase() === "z")
    does(() => (shiftKey ? explorer.redo() : explorer.undo()));
  else if (isCommand && key === "y") does(() => explorer.redo());
  else if (key === "/" && !isCommand) does(() => document.getElementById("find-method")?.focus());
}
