/** Light or dark: as the system is set, until the reader chooses. */
import { signal } from "@preact/signals";

export type Theme = "light" | "dark";

const key = "mlxterp-theme";
const system =
  typeof matchMedia === "undefined" ? undefined : matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme | undefined {
  const kept = typeof localStorage === "undefined" ? null : localStorage.getItem(key);
  return kept === "light" || kept === "dark" ? kept : undefined;
}

function current(): Theme {
  return chosen() ?? (system?.matches ? "dark" : "light");
}

export const theme = signal<Theme>("light");

/** Takes the theme on, now and whenever the system's changes. */
export function applyTheme(): void {
  theme.value = current();
  document.documentElement.dataset.theme = theme.value;
  system?.addEventListener("change", () => {
    if (chosen() === undefined) setTheme(current());
  });
}

/** Changes to the other theme, and remembers it. */
export function switchTheme(): void {
  const next = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(key, next);
  setTheme(next);
}

function setTheme(next: Theme): void {
  theme.value = next;
  document.documentElement.dataset.theme = next;
}
