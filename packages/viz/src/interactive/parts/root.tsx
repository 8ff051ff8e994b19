/** The element around a component: its design, for styles and for canvases. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { themes } from "../../design/theme.js";
import { type ThemeChoice, ThemeContext, themeAt, useThemeName } from "./use-theme.js";

interface RootProps {
  readonly theme?: ThemeChoice;
  readonly children: ComponentChildren;
}

export function Root({ theme = "auto", children }: RootProps) {
  const name = useThemeName(theme);
  const element = useRef<HTMLDivElement>(null);
  const [colours, setColours] = useState(themes[name]);
  useLayoutEffect(() => {
    if (element.current) setColours(themeAt(element.current, name));
  }, [name]);
  return (
    <div class="mi-root" data-theme={name} ref={element}>
      <ThemeContext.Provider value={colours.name === name ? colours : themes[name]}>
        {children}
      </ThemeContext.Provider>
    </div>
  );
}
