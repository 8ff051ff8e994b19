/** Tokens in a row, coloured by a value each. */
import { formatNumber, type TokensBlock, visibleToken } from "@mlxterp/results";
import { useState } from "preact/hooks";
import { colourOf, textOn } from "../../design/colour-of.js";
import { Figure, Legend } from "../parts/figure.js";
import type { ViewProps } from "../parts/selection.js";
import { TokenRow } from "../parts/token-row.js";
import { useTheme } from "../parts/use-theme.js";

export function TokenStrip({ block, onSelect }: ViewProps<TokensBlock>) {
  const { label, pieces, values, scale } = block;
  const theme = useTheme();
  const [focus, setFocus] = useState<number>();
  const colour = scale && colourOf(scale, theme);
  const styleOf = (index: number) => {
    const ground = values && colour?.(values[index]);
    return ground && ground !== "transparent" ? { background: ground, color: textOn(ground) } : undefined; // biome-ignore format: one choice
  };
  const read = (index: number) =>
    `${index}: ${visibleToken(pieces[index])}${values ? `, ${formatNumber(values[index])}` : ""}`;
  return (
    <Figure
      kind="tokens"
      subtitle={`${label} (${pieces.length})`}
      legend={values && scale && <Legend scale={scale} label="" />}
      reading={values ? (focus === undefined ? "" : read(focus)) : undefined}
    >
      <TokenRow
        label={label}
        pieces={pieces}
        styleOf={styleOf}
        titleOf={read}
        focus={focus}
        onFocus={setFocus}
        onChoose={(index) =>
          onSelect?.({
            block,
            cell: { position: index },
            token: pieces[index],
            ...(values && { value: values[index] }),
          })
        }
      />
    </Figure>
  );
}
