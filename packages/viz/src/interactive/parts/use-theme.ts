/** The design as components see it: by name or as the system is set, with what a page changed of it. */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { type Theme, type ThemeName, themes } from "../../design/theme.js";

/** `auto` follows the system. */
export type ThemeChoice = ThemeName | "auto";

export const ThemeContext = createContext<Theme>(themes.light);

/** The design of the component around. */
export function useTheme(): Theme {
  return useContext(ThemeContext);
}

/** The name that is meant, renewed when the system changes. */
export function useThemeName(choice: ThemeChoice): ThemeName {
  const [dark, setDark] = useState(() => systemQuery()?.matches ?? false);
  useEffect(() => {
    const query = systemQuery();
    const follow = () => setDark(query?.matches ?? false);
    query?.addEventListener("change", follow);
    return () => query?.removeEventListener("change", follow);
  }, []);
  if (choice !== "auto") return choice;
  return dark ? "dark" : "light";
}

function systemQuery(): MediaQueryList | undefined {
  return typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : undefined;
}

/** The colours that hold at an element: a page may set `--mi-accent` and all others itself. */
export function themeAt(element: Element, name: ThemeName): Theme {
  const style = getComputedStyle(element);
  const read = (key: string, usual: string) => {
    const value = style.getPropertyValue(`--mi-${key}`).trim();
    return /^#[\da-f]{6}$/i.test(value) ? value : usual;
  };
  const list = (key: string, usual: readonly string[]) =>
    usual.map((value, index) => read(`${key}-${index}`, value));
  const { name: _, sequential, diverging, hues, ...colours } = themes[name];
  const changed = Object.fromEntries(
    Object.entries(colours).map(([key, value]) => [key, read(key, value)]),
  ) as typeof colours;
  return {
    ...changed,
    name,
    sequential: list("sequential", sequential),
    diverging: list("diverging", diverging),
    hues: list("hue", hues),
  };
}
