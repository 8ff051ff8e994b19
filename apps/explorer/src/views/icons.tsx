/** The few signs of the page, drawn in the colour of the text around them. */
import type { ComponentChildren } from "preact";

function Icon({ children }: { readonly children: ComponentChildren }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      width="16"
      height="16"
      aria-hidden="true"
      focusable="false"
    >
      <g
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linecap="round"
        stroke-linejoin="round"
      >
        {children}
      </g>
    </svg>
  );
}

export const UndoIcon = () => (
  <Icon>
    <path d="M5.500 3.500 2.500 6.500l3 3M3 6.500h6.500a3.500 3.500 0 0 1 0 7H7" />
  </Icon>
);

export const RedoIcon = () => (
  <Icon>
    <path d="m10.500 3.500 3 3-3 3M13 6.500H6.500a3.500 3.500 0 0 0 0 7H9" />
  </Icon>
);

export const ThemeIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.500" />
    <path d="M8 2.500v11M8 4l3.700 1.500M8 7l5 1M8 10.500l4.300 1" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);

export const DownIcon = () => (
  <Icon>
    <path d="m4.500 6.500 3.500 3.500 3.500-3.500" />
  </Icon>
);
